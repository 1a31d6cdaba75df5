// Package podtest puts the network in memory through the test that package nettest
// has for any connection.
package podtest
