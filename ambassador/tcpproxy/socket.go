package tcpproxy

// A socketState is what the kernel tells of a connection. The zero value stands
// for those that it tells nothing of: all but TCP sockets on Linux.
type socketState struct {
	known   bool
	closed  bool   // no connection is left, as after a reset
	pending bool   // there are bytes that the peer has not acknowledged
	acked   uint64 // bytes that it has
}
