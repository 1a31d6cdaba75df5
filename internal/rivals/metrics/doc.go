// Package metrics puts the adapter of metrics beside its peers. This measures them
// in turn, in one process, and prints tables in Markdown in some minutes; with
// -short smaller ones in some seconds:
//
//	go run ./metrics/table
//
// The tests of this folder compare what they say.
package metrics
