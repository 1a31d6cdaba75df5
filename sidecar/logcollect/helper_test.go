package logcollect

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/podpatterns/podpatterns/pod/sandbox"
)

// A bench is a root with a Collector at work on it.
type bench struct {
	testing.TB
	dir  string
	root *os.Root
	log  *slog.Logger

	c      *Collector
	cancel context.CancelFunc
	done   chan error
}

func newBench(t testing.TB) *bench { return newBenchIn(t, t.TempDir()) }

func newBenchIn(t testing.TB, dir string) *bench {
	root, err := os.OpenRoot(dir)
	require.NoError(t, err)
	t.Cleanup(func() { root.Close() })
	return &bench{TB: t, dir: dir, root: root, log: slog.New(slog.DiscardHandler)}
}

// start runs c until it is ready.
func (b *bench) start(c *Collector) {
	b.Helper()
	b.startGrace(c, sandbox.DefaultGrace)
}

func (b *bench) startGrace(c *Collector, grace time.Duration) {
	b.Helper()
	ctx, cancel := context.WithCancel((&sandbox.Sandbox{Logger: b.log, Grace: grace}).Context(context.Background()))
	b.c, b.cancel, b.done = c, cancel, make(chan error, 1)
	b.Cleanup(cancel)
	go func() { b.done <- c.Run(ctx, b.root) }()
	ready := make(chan error, 1)
	waiting, giveUp := context.WithTimeout(ctx, time.Minute)
	defer giveUp()
	go func() { ready <- c.Ready(waiting) }()
	select {
	case err := <-ready:
		require.NoError(b, err)
	case err := <-b.done:
		require.NoError(b, err)
		b.Fatal("returned before it was stopped")
	}
}

func (b *bench) stop() error {
	b.cancel()
	return <-b.done
}

func (b *bench) path(name string) string { return filepath.Join(b.dir, name) }

// append adds text to a file, which it makes if there is none.
func (b *bench) append(name, text string) {
	b.Helper()
	require.NoError(b, os.MkdirAll(filepath.Dir(b.path(name)), 0o755))
	f, err := os.OpenFile(b.path(name), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	require.NoError(b, err)
	_, err = f.WriteString(text)
	require.NoError(b, err)
	require.NoError(b, f.Close())
}

func (b *bench) rename(from, to string) {
	b.Helper()
	require.NoError(b, os.Rename(b.path(from), b.path(to)))
}

func (b *bench) remove(name string) {
	b.Helper()
	require.NoError(b, os.Remove(b.path(name)))
}

func (b *bench) read(name string) string {
	b.Helper()
	text, err := os.ReadFile(b.path(name))
	require.NoError(b, err)
	return string(text)
}

// again stops the Collector, does something, and starts it again.
func (b *bench) again(meanwhile func()) {
	b.Helper()
	require.NoError(b, b.stop())
	meanwhile()
	b.start(b.c)
}

// truncate makes the log empty, as copytruncate does after it has made its copy.
func (b *bench) truncate(name string) {
	b.Helper()
	require.NoError(b, os.Truncate(b.path(name), 0))
}

// await waits until the condition holds.
func (b *bench) await(what string, holds func() bool) {
	b.Helper()
	for deadline := time.Now().Add(time.Minute); !holds(); {
		if time.Now().After(deadline) {
			b.Fatalf("a minute later there is still not: %s; %+v", what, b.c.Stats())
		}
		select {
		case err := <-b.done:
			b.done <- err
			b.Fatalf("ended, err %v, before: %s", err, what)
		case <-time.After(time.Millisecond):
		}
	}
}

func (b *bench) awaitLines(n int64) {
	b.Helper()
	b.await(fmt.Sprintf("%d lines delivered", n), func() bool { return b.c.Stats().Lines >= n })
}

// A memory is a Sink that keeps what it is given. While it is blocked, Write waits.
type memory struct {
	mu     sync.Mutex
	text   strings.Builder
	byPath map[string]string
	cut    int
	fail   func() error
	gate   chan struct{} // nil: not blocked
}

func (m *memory) block() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.gate = make(chan struct{})
}

func (m *memory) unblock() {
	m.mu.Lock()
	defer m.mu.Unlock()
	close(m.gate)
	m.gate = nil
}

func (m *memory) Write(ctx context.Context, batch Batch) error {
	m.mu.Lock()
	gate := m.gate
	m.mu.Unlock()
	if gate != nil {
		select {
		case <-gate:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fail != nil {
		if err := m.fail(); err != nil {
			return err
		}
	}
	if m.byPath == nil {
		m.byPath = map[string]string{}
	}
	m.text.Write(batch.Lines)
	var all strings.Builder
	for _, c := range batch.Chunks {
		m.byPath[c.Path] += string(c.Lines)
		all.Write(c.Lines)
		n := 0
		for range c.All() {
			n++
		}
		if c.Count != n || !strings.HasSuffix(string(c.Lines), "\n") {
			return fmt.Errorf("chunk of %d lines is %q", c.Count, c.Lines)
		}
		if c.Cut != Whole {
			m.cut++
		}
	}
	if all.String() != string(batch.Lines) {
		return fmt.Errorf("chunks %q are not the lines %q", all.String(), batch.Lines)
	}
	return nil
}

func (m *memory) String() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.text.String()
}

func (m *memory) of(path string) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.byPath[path]
}

// lines returns the numbered lines from, from+1 … to-1.
func lines(from, to int) string {
	var b strings.Builder
	for i := from; i < to; i++ {
		fmt.Fprintf(&b, "line %06d of the log, with some text behind it\n", i)
	}
	return b.String()
}
