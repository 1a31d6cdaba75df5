package upstream

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/podpatterns/podpatterns/internal/grpchealth"
	"github.com/podpatterns/podpatterns/internal/hostport"
)

// TCP is a [Checker] that is content with a connection, and with TLS with its
// handshake.
type TCP struct{}

var _ Checker = TCP{}

// Check returns nil.
func (TCP) Check(context.Context, net.Conn, Endpoint) error { return nil }

// HTTP is a [Checker] that asks for a page and is content with a status from 200
// to 399. It speaks HTTP/2 if TLS has agreed on it, else HTTP/1.1.
type HTTP struct {
	Path string // with a query, if there is one; empty: "/"
	Host string // of the Host header; empty: the Endpoint's ServerName or address
}

var _ Checker = HTTP{}

func (h HTTP) validate() error {
	var wrong faults
	if _, err := h.url(""); err != nil {
		wrong.add("Path: %q is no path: %w", h.Path, err)
	} else if h.Path != "" && !strings.HasPrefix(h.Path, "/") {
		wrong.add("Path: %q does not begin with /", h.Path)
	}
	return wrong.err()
}

func (h HTTP) url(host string) (*url.URL, error) {
	u, err := url.ParseRequestURI("http://host" + h.Path)
	if err != nil {
		return nil, err
	}
	if u.Path == "" {
		u.Path = "/"
	}
	u.Host = host
	return u, nil
}

// Check sends one request.
func (h HTTP) Check(ctx context.Context, conn net.Conn, e Endpoint) error {
	u, err := h.url(hostOf(e))
	if err != nil {
		return err
	}
	var speaks http.Protocols
	speaks.SetHTTP1(true)
	if c, ok := conn.(*tls.Conn); ok && c.ConnectionState().NegotiatedProtocol == "h2" {
		speaks = http.Protocols{}
		speaks.SetUnencryptedHTTP2(true)
	}
	transport := &http.Transport{DialContext: only(conn), Protocols: &speaks, DisableKeepAlives: true}
	defer transport.CloseIdleConnections()
	r := (&http.Request{
		Method: http.MethodGet, URL: u, Host: h.Host,
		Header: http.Header{"User-Agent": {"podpatterns-check"}},
	}).WithContext(ctx)
	answer, err := transport.RoundTrip(r)
	if err != nil {
		return err
	}
	answer.Body.Close()
	if answer.StatusCode < 200 || answer.StatusCode > 399 {
		return fmt.Errorf("HTTP status %d", answer.StatusCode)
	}
	return nil
}

// GRPC is a [Checker] that asks the service grpc.health.v1.Health and is content
// with SERVING. With TLS, servers want "h2" in TLS.Config.NextProtos.
type GRPC struct {
	Service string // empty: the server as a whole
}

var _ Checker = GRPC{}

// Check makes one call.
func (g GRPC) Check(ctx context.Context, conn net.Conn, e Endpoint) error {
	return grpchealth.Check(ctx, only(conn), hostOf(e), g.Service)
}

// only is a dial that has happened already.
func only(conn net.Conn) func(context.Context, string, string) (net.Conn, error) {
	return func(context.Context, string, string) (net.Conn, error) { return conn, nil }
}

// hostOf is how HTTP names the endpoint.
func hostOf(e Endpoint) string {
	at, err := hostport.Parse(e.Address)
	switch {
	case err != nil || at.Network == "unix":
		if e.ServerName != "" {
			return e.ServerName
		}
		return "localhost"
	case e.ServerName != "":
		return net.JoinHostPort(e.ServerName, at.Port)
	}
	return e.Address
}
