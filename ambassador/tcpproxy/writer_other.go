//go:build !unix

package tcpproxy

import "net"

// A writer writes to a connection.
type writer struct{ dst net.Conn }

func (w *writer) init(dst net.Conn) { w.dst = dst }

func (w *writer) write(b []byte) (int, error) { return w.dst.Write(b) }
