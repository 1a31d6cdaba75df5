package pod

import (
	"context"
	"net"
	"time"
)

// A Network is where a pod's containers listen and dial. Its listeners must have
// a method SetDeadline(time.Time) error that unblocks Accept, as those of package
// net have, and its packet connections must unblock ReadFrom by SetReadDeadline.
type Network interface {
	// Listen opens "tcp" at a host and port, of which 0 is any free one, or
	// "unix" at a path, as [net.ListenConfig.Listen] does.
	Listen(ctx context.Context, network, address string) (net.Listener, error)

	// ListenPacket opens a packet socket, as [net.ListenConfig.ListenPacket]
	// does.
	ListenPacket(ctx context.Context, network, address string) (net.PacketConn, error)

	// DialContext connects, as [net.Dialer.DialContext] does.
	DialContext(ctx context.Context, network, address string) (net.Conn, error)
}

// machine is the machine's own network.
type machine struct{ net.Dialer }

func (machine) Listen(ctx context.Context, network, address string) (net.Listener, error) {
	var lc net.ListenConfig
	return lc.Listen(ctx, network, address)
}

func (machine) ListenPacket(ctx context.Context, network, address string) (net.PacketConn, error) {
	var lc net.ListenConfig
	return lc.ListenPacket(ctx, network, address)
}

func (m machine) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	return m.Dialer.DialContext(ctx, network, address)
}

// deadlineListener is what a pod asks of its Network's listeners.
type deadlineListener interface {
	net.Listener
	SetDeadline(time.Time) error
}
