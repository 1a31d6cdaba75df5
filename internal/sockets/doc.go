// Package sockets asks the kernel about connections, where it tells: of TCP on
// Linux.
package sockets

// A State is what the kernel tells of a connection. The zero value stands for those
// that it tells nothing of.
type State struct {
	Known   bool   // it tells
	Closed  bool   // no connection is left, as after a reset
	Pending bool   // there are bytes that the peer has not acknowledged
	Acked   uint64 // bytes that it has
}
