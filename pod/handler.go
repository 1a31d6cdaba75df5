package pod

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/podpatterns/podpatterns/pod/sandbox"
)

// A Handler is what a probe asks or a hook does. Its context carries the
// container's sandbox, and ends with the time-out.
type Handler interface {
	// Handle returns nil for success. An error that wraps [ErrInconclusive] says
	// that nothing was found out (K27).
	Handle(ctx context.Context) error
}

// HandlerFunc makes an ordinary function a [Handler].
type HandlerFunc func(ctx context.Context) error

// Handle calls f(ctx).
func (f HandlerFunc) Handle(ctx context.Context) error { return f(ctx) }

// ErrInconclusive is wrapped by the error of a [Handler] that could not find out:
// the probe's counters stay as they are.
var ErrInconclusive = errors.New("inconclusive")

// HTTPGet succeeds with a status from 200 to 399. Redirects to the same host are
// followed; one to another host is success (K26).
type HTTPGet struct {
	Address string      // host and port; empty: where the container listens
	Path    string      // and query; empty: "/"
	Header  http.Header // added to the request; a Host names the host
	TLS     bool        // https; the certificate is not verified
}

// TCPSocket succeeds when it can connect, and the container has its listener.
type TCPSocket struct {
	Address string // host and port; empty: where the container listens
}

// Exec succeeds when the command exits with 0. It runs as a Command does, in the
// pod's directory and with its environment; at the time-out its process group is
// killed.
type Exec struct {
	Command []string // the program and its arguments
}

var (
	_ Handler = HandlerFunc(nil)
	_ Handler = HTTPGet{}
	_ Handler = TCPSocket{}
	_ Handler = Exec{}
	_ Handler = GRPC{}
)

// Handle asks the container.
func (h HTTPGet) Handle(ctx context.Context) error {
	dial, address, err := target(ctx, h.Address)
	if err != nil {
		return err
	}
	scheme := "http"
	if h.TLS {
		scheme = "https"
	}
	where := &url.URL{Scheme: scheme, Host: address, Path: "/"}
	if h.Path != "" {
		if where, err = where.Parse(h.Path); err != nil {
			return fmt.Errorf("path %q: %w", h.Path, err)
		}
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, where.String(), nil)
	if err != nil {
		return err
	}
	for name, values := range h.Header {
		r.Header[http.CanonicalHeaderKey(name)] = values
	}
	if host := r.Header.Get("Host"); host != "" {
		r.Host = host
	}
	if r.Header.Get("User-Agent") == "" {
		r.Header.Set("User-Agent", "podpatterns-probe")
	}
	client := &http.Client{
		Transport: &http.Transport{
			DialContext: dial, DisableKeepAlives: true, Proxy: nil,
			TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, // K26: it asks for health, not for identity
		},
		CheckRedirect: func(next *http.Request, via []*http.Request) error {
			if next.URL.Hostname() != via[0].URL.Hostname() || len(via) >= 10 {
				return http.ErrUseLastResponse
			}
			return nil
		},
	}
	answer, err := client.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	said, _ := io.ReadAll(io.LimitReader(answer.Body, probeOutput))
	if answer.StatusCode < 200 || answer.StatusCode >= 400 {
		return fmt.Errorf("HTTP status %d: %s", answer.StatusCode, oneLine(said))
	}
	return nil
}

// probeOutput is how much of a probe's answer is read, as the kubelet does.
const probeOutput = 10 << 10

// Handle connects to the container.
func (h TCPSocket) Handle(ctx context.Context) error {
	dial, address, err := target(ctx, h.Address)
	if err != nil {
		return err
	}
	c, err := dial(ctx, "tcp", address)
	if err != nil {
		return err
	}
	return c.Close()
}

// Handle runs the command.
func (h Exec) Handle(ctx context.Context) error {
	if len(h.Command) == 0 {
		return errors.New("Exec: Command: names no program")
	}
	c := &command{container: &Container{Command: h.Command}, dir: ".", started: func(int) {}}
	if of := probed(ctx); of != nil {
		c.dir, c.env = of.run.dir.path, of.run.commandEnv()
	}
	var said bytes.Buffer
	if err := c.exec(ctx, &limited{&said, probeOutput}); err != nil {
		if text := oneLine(said.Bytes()); text != "" {
			return fmt.Errorf("%w: %s", err, text)
		}
		return err
	}
	return nil
}

// limited keeps the first bytes of an output and drops the rest.
type limited struct {
	to   *bytes.Buffer
	left int
}

func (l *limited) Write(p []byte) (int, error) {
	n := min(len(p), l.left)
	l.to.Write(p[:n])
	l.left -= n
	return len(p), nil
}

func oneLine(text []byte) string {
	return strings.Join(strings.Fields(strings.ToValidUTF8(string(text), "?")), " ")
}

type handledKey struct{}

// handled makes member's run what a Handler finds by an empty Address.
func handled(ctx context.Context, inst *instance) context.Context {
	return context.WithValue(ctx, handledKey{}, inst)
}

func probed(ctx context.Context) *instance {
	inst, _ := ctx.Value(handledKey{}).(*instance)
	return inst
}

type dialFunc func(ctx context.Context, network, address string) (net.Conn, error)

// target is where a Handler's Address is, and how it is dialled. Where that is a
// listener of the pod, a run must have it: the backlog would take a connection
// without one.
func target(ctx context.Context, address string) (dialFunc, string, error) {
	inst := probed(ctx)
	if address != "" && inst != nil {
		for _, m := range inst.run.members {
			if m.socket != nil && reachable(m.socket.base.Addr()) == address && !m.socket.out() {
				return nil, "", fmt.Errorf("container %q does not accept connections", m.Name)
			}
		}
	}
	if address != "" {
		return sandbox.Dial, address, nil
	}
	if inst == nil || inst.member.socket == nil {
		return nil, "", errors.New("Address: empty, and there is no container that listens")
	}
	s := inst.member.socket
	if !s.out() {
		return nil, "", fmt.Errorf("container %q does not accept connections", inst.member.Name)
	}
	a := s.base.Addr()
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return sandbox.Dial(ctx, a.Network(), reachable(a))
	}
	if a.Network() == "unix" {
		return dial, inst.member.Name, nil
	}
	return dial, reachable(a), nil
}

// reachable is an address to dial for one that is listened on: the loopback's for
// the wildcard.
func reachable(a net.Addr) string {
	host, port, err := net.SplitHostPort(a.String())
	if err != nil {
		return a.String()
	}
	switch ip := net.ParseIP(host); {
	case ip == nil || !ip.IsUnspecified():
		return a.String()
	case ip.To4() != nil:
		return net.JoinHostPort("127.0.0.1", port)
	default:
		return net.JoinHostPort("::1", port)
	}
}
