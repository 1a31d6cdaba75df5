package pod

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"
)

// A Network is where a pod's containers listen and dial. Its listeners must have
// a method SetDeadline(time.Time) error that unblocks Accept, as those of package
// net have, and its packet connections must unblock ReadFrom by SetReadDeadline.
type Network interface {
	Listen(ctx context.Context, network, address string) (net.Listener, error)
	ListenPacket(ctx context.Context, network, address string) (net.PacketConn, error)
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

// splitListen reads a Container's Listen. A unix path is still relative to the
// pod's directory.
func splitListen(listen string) (network, address string, err error) {
	if path, ok := strings.CutPrefix(listen, "unix:"); ok {
		if path == "" {
			return "", "", errors.New("names no path after unix:")
		}
		return "unix", path, nil
	}
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		var ae *net.AddrError
		if errors.As(err, &ae) {
			return "", "", fmt.Errorf("is no address of host and port: %s", ae.Err)
		}
		return "", "", err
	}
	if n, err := strconv.Atoi(port); err != nil || n < 0 || n > 65535 {
		return "", "", fmt.Errorf("has no port from 0 to 65535: %q", port)
	}
	if host == "" {
		return "", "", fmt.Errorf("has no host: say 127.0.0.1:%[1]s for this machine alone, or 0.0.0.0:%[1]s for all", port)
	}
	return "tcp", listen, nil
}

// deadlineListener is what a pod asks of its Network's listeners.
type deadlineListener interface {
	net.Listener
	SetDeadline(time.Time) error
}
