package upstream

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"runtime/debug"

	"github.com/pires/go-proxyproto"

	"github.com/podpatterns/podpatterns/pod/sandbox"
)

// connect dials t and makes the connection ready for the first byte of the
// client, within ctx.
func (c *Cluster) connect(ctx context.Context, t *target) (net.Conn, error) {
	conn, err := t.connect(ctx)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", t.Address, err)
	}
	done := false
	defer func() {
		if !done { // also where a function of TLS.Config panics
			conn.Close()
		}
	}()
	ready, err := c.prepare(ctx, conn, t)
	if err != nil {
		if cause := context.Cause(ctx); cause != nil && !errors.Is(err, cause) {
			err = fmt.Errorf("%w: %w", cause, err)
		}
		return nil, fmt.Errorf("%s: %w", t.Address, err)
	}
	done = true
	return ready, nil
}

// connect is the network's part of it.
func (t *target) connect(ctx context.Context) (net.Conn, error) {
	where, err := t.at.Where(ctx)
	if err != nil {
		return nil, errLocal{err}
	}
	if len(t.IPs) > 0 && t.at.Network == "tcp" {
		return race(ctx, t.IPs, t.at.Port)
	}
	return dial(ctx, t.at.Network, where)
}

// dial makes an error of a network's panic, which would end the process where it
// is called in a goroutine of this package.
func dial(ctx context.Context, network, address string) (conn net.Conn, err error) {
	defer func() {
		if v := recover(); v != nil {
			conn, err = nil, fmt.Errorf("dial panicked: %v\n%s", v, debug.Stack())
		}
	}()
	conn, err = sandbox.Dial(ctx, network, address)
	if err == nil && conn == nil {
		err = errNoConn
	}
	return conn, err
}

var errNoConn = errors.New("dial returned neither a connection nor an error")

func (c *Cluster) prepare(ctx context.Context, conn net.Conn, t *target) (net.Conn, error) {
	if c.ProxyProtocol > 0 {
		if err := c.writeHeader(ctx, conn); err != nil {
			return nil, fmt.Errorf("PROXY header: %w", err)
		}
	}
	if c.TLS == nil {
		return conn, nil
	}
	config, err := c.TLS.client(ctx, t)
	if err != nil {
		return nil, errLocal{fmt.Errorf("TLS: %w", err)}
	}
	encrypted := tls.Client(conn, config)
	if err := encrypted.HandshakeContext(ctx); err != nil {
		return nil, fmt.Errorf("TLS: %w", err)
	}
	return encrypted, nil
}

// writeHeader tells who the connection is for. Without that, and for a health
// check, the header says that it is this process's own: LOCAL in version 2,
// UNKNOWN in version 1, which has nothing but TCP besides.
func (c *Cluster) writeHeader(ctx context.Context, conn net.Conn) error {
	who, _ := clientOf(ctx)
	b, err := proxyproto.HeaderProxyFromAddrs(byte(c.ProxyProtocol), who.src, who.dst).Format()
	if err != nil {
		return errLocal{err}
	}
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	_, err = conn.Write(b)
	return err
}
