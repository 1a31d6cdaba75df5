// Package house holds the rules of the project's design that a compiler does not:
// who may import whom, what is documented, what lies where. They are tests, so that
// breaking one fails go test, and each is itself tested on what it must catch.
//
// A rule reads the module's files as text, whatever their build tags, and so holds
// for every system. Where the design changes, its rule and table change with it.
package house
