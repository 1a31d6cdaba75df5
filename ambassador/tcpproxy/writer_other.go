//go:build !unix

package tcpproxy

import "net"

// A writer writes to a connection.
type writer struct{ dst net.Conn }

func newWriter(dst net.Conn) *writer { return &writer{dst} }

func (w *writer) write(b []byte) (int, error) { return w.dst.Write(b) }
