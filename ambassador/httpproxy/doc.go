// Package httpproxy is an ambassador for layer 7: each request that a client sends
// to its listener goes to one of several endpoints, so that the main container
// only ever talks to localhost.
package httpproxy
