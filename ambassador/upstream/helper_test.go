package upstream

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/podpatterns/podpatterns/pod/podtest"
	"github.com/podpatterns/podpatterns/pod/sandbox"
)

// A world is a network in memory in a bubble, with a log, in which a Cluster runs.
type world struct {
	t   *testing.T
	net *podtest.Network
	box *sandbox.Sandbox
	ctx context.Context
	log safeBuffer
}

// inWorld runs a test in virtual time.
func inWorld(t *testing.T, test func(w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { test(newWorld(t)) })
}

func newWorld(t *testing.T) *world {
	w := &world{t: t, net: &podtest.Network{}}
	w.box = &sandbox.Sandbox{
		Logger: slog.New(slog.NewTextHandler(&w.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Dial:   w.net.DialContext,
	}
	w.ctx = w.box.Context(t.Context())
	return w
}

// run runs the cluster until the test ends, or the function is called.
func (w *world) run(c *Cluster) (stop func()) {
	ctx, cancel := context.WithCancel(w.ctx)
	ended := make(chan error, 1)
	go func() { ended <- c.Run(ctx) }()
	once := sync.OnceFunc(func() {
		cancel()
		require.NoError(w.t, <-ended)
	})
	w.t.Cleanup(once)
	return once
}

// A backend is a server that can be switched.
type backend struct {
	w       *world
	address string
	mu      sync.Mutex
	l       net.Listener
	conns   map[net.Conn]bool
	handle  func(net.Conn) // nil: says its address, and ends when the client does
}

func (w *world) backend(address string) *backend {
	b := &backend{w: w, address: address, conns: map[net.Conn]bool{}}
	b.up()
	w.t.Cleanup(b.down)
	return b
}

func (b *backend) up() {
	l, err := b.w.net.Listen(context.Background(), "tcp", b.address)
	require.NoError(b.w.t, err)
	b.mu.Lock()
	b.l = l
	b.mu.Unlock()
	go b.serve(l)
}

// down has new connections refused, and resets those there are.
func (b *backend) down() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.l != nil {
		b.l.Close()
		b.l = nil
	}
	for c := range b.conns {
		c.(interface{ SetLinger(int) error }).SetLinger(0)
		c.Close()
	}
	clear(b.conns)
}

func (b *backend) serve(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		b.mu.Lock()
		b.conns[c] = true
		b.mu.Unlock()
		go func() {
			defer c.Close()
			if b.handle != nil {
				b.handle(c)
				return
			}
			io.WriteString(c, b.address+"\n")
			io.Copy(io.Discard, c)
		}()
	}
}

// open dials and returns the connection with who has answered.
func (w *world) open(c *Cluster) (net.Conn, string) {
	w.t.Helper()
	conn, err := c.Dial(w.ctx)
	require.NoError(w.t, err)
	return conn, greeting(w.t, conn)
}

func greeting(t *testing.T, conn net.Conn) string {
	t.Helper()
	var line []byte
	b := make([]byte, 1)
	for {
		_, err := io.ReadFull(conn, b)
		require.NoError(t, err)
		if b[0] == '\n' {
			return string(line)
		}
		line = append(line, b[0])
	}
}

// visit dials, closes and returns who has answered.
func (w *world) visit(c *Cluster) string {
	w.t.Helper()
	conn, who := w.open(c)
	require.NoError(w.t, conn.Close())
	return who
}

// visits counts who has answered to so many.
func (w *world) visits(c *Cluster, n int) map[string]int {
	w.t.Helper()
	count := map[string]int{}
	for range n {
		count[w.visit(c)]++
	}
	return count
}

func (w *world) records(part string) int { return strings.Count(w.log.String(), part) }

func (c *Cluster) of(address string) EndpointStats {
	for _, e := range c.Stats().Endpoints {
		if e.Address == address {
			return e
		}
	}
	return EndpointStats{}
}

type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safeBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *safeBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// A hand is a Source that the test updates.
type hand struct{ sets chan []Endpoint }

func newHand(first ...Endpoint) *hand {
	h := &hand{make(chan []Endpoint, 8)}
	h.sets <- first
	return h
}

func (h *hand) Watch(ctx context.Context, update func([]Endpoint, error)) error {
	for {
		select {
		case set := <-h.sets:
			update(set, nil)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

var errBroken = errors.New("broken")

// settle lets everything happen that happens in so long.
func settle(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}
