package podtest_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/podpatterns/podpatterns/adapter"
	"github.com/podpatterns/podpatterns/ambassador"
	"github.com/podpatterns/podpatterns/internal/gate"
	"github.com/podpatterns/podpatterns/pod/podtest"
	"github.com/podpatterns/podpatterns/pod/sandbox"
	"github.com/podpatterns/podpatterns/sidecar"
)

func TestGoodSidecars(t *testing.T) {
	podtest.NoLeaks(t)
	t.Run("idle", func(t *testing.T) {
		podtest.TestSidecar(t, func() sidecar.Sidecar { return sidecar.Func(idle) })
	})
	t.Run("counter", func(t *testing.T) {
		podtest.TestSidecar(t, func() sidecar.Sidecar { return new(counter) })
	})
	t.Run("completes", func(t *testing.T) {
		podtest.TestSidecar(t, func() sidecar.Sidecar {
			return sidecar.Func(func(context.Context, *os.Root) error { return nil })
		})
	})
}

func idle(ctx context.Context, _ *os.Root) error {
	<-ctx.Done()
	return context.Cause(ctx)
}

// A counter counts the bytes of a log to its end.
type counter struct {
	gate  gate.Gate
	bytes int64
}

func (c *counter) Run(ctx context.Context, root *os.Root) error {
	leave, err := c.gate.Enter()
	if err != nil {
		return err
	}
	defer leave()
	grace, cancel := sandbox.Grace(ctx)
	defer cancel()
	c.bytes = 0
	c.gate.Open()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for {
		more, err := c.count(root)
		if err != nil || ctx.Err() != nil && !more || grace.Err() != nil {
			return err
		}
		select {
		case <-tick.C:
		case <-grace.Done():
		}
	}
}

func (c *counter) count(root *os.Root) (more bool, err error) {
	f, err := root.Open("podtest.log")
	if errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer f.Close()
	n, err := io.Copy(io.Discard, io.NewSectionReader(f, c.bytes, 1<<30))
	c.bytes += n
	return n > 0, err
}

func (c *counter) Ready(ctx context.Context) error { return c.gate.Ready(ctx) }

func TestGoodAmbassadors(t *testing.T) {
	podtest.NoLeaks(t)
	t.Run("serves many", func(t *testing.T) {
		podtest.TestAmbassador(t, func() ambassador.Ambassador { return ambassador.Func(echo) })
	})
	t.Run("serves one", func(t *testing.T) {
		podtest.TestAmbassador(t, func() ambassador.Ambassador { return new(single) })
	})
}

// A single refuses a second run, and closes its listener.
type single struct{ gate.Gate }

func (s *single) Serve(ctx context.Context, l net.Listener) error {
	leave, err := s.Enter()
	if err != nil {
		return errors.Join(err, l.Close())
	}
	defer leave()
	s.Open()
	return echo(ctx, l)
}

// echo sends back what it receives, until the client has sent all or the grace
// period ends.
func echo(ctx context.Context, l net.Listener) error {
	grace, cancel := sandbox.Grace(ctx)
	defer cancel()
	context.AfterFunc(ctx, func() { l.Close() })
	var conns sync.WaitGroup
	defer conns.Wait()
	for {
		c, err := l.Accept()
		if err != nil && ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		conns.Go(func() {
			defer context.AfterFunc(grace, func() { c.Close() })()
			defer c.Close()
			io.Copy(c, c)
		})
	}
}

func TestGoodAdapters(t *testing.T) {
	podtest.NoLeaks(t)
	t.Run("serves", func(t *testing.T) {
		podtest.TestAdapter(t, func() adapter.Adapter { return adapter.Func(serveHTTP) })
	})
	t.Run("pushes", func(t *testing.T) {
		podtest.TestAdapter(t, func() adapter.Adapter {
			return adapter.Func(func(ctx context.Context, root *os.Root, _ net.Listener) error { return idle(ctx, root) })
		})
	})
}

func serveHTTP(ctx context.Context, _ *os.Root, l net.Listener) error {
	if l == nil {
		return errors.New("needs a listener")
	}
	return sandbox.ServeHTTP(ctx, l, &http.Server{Handler: http.HandlerFunc(up)})
}

func up(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "up 1\n") }
