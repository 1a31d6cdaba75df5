package podtest

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/podpatterns/podpatterns/adapter"
	"github.com/podpatterns/podpatterns/ambassador"
	"github.com/podpatterns/podpatterns/pod/sandbox"
)

func TestBrokenAmbassadors(t *testing.T) {
	NoLeaks(t)
	fn := func(serve func(context.Context, net.Listener) error) *block {
		return ambassadorBlock(func() ambassador.Ambassador { return ambassador.Func(serve) })
	}
	of := func(e echoer) *block { return fn(e.Serve) }
	testBroken(t, []broken{
		{"keeps all rules", of(echoer{}), nil},
		{"accepts nothing", fn(func(ctx context.Context, l net.Listener) error { <-ctx.Done(); return l.Close() }),
			map[string]string{"start": "Serve does not accept: a connection has waited for 1s"}},
		{"serves one connection", fn(func(_ context.Context, l net.Listener) error {
			c, err := l.Accept()
			return errors.Join(err, c.Close(), l.Close())
		}), map[string]string{"start": "Serve must go on until its ctx is done, but it returned nil"}},
		{"closes its listener last", of(echoer{atStop: stopAccepting, atEnd: closeListener}),
			map[string]string{"listener closed before the drain": "before it waits for what is in flight: 500ms later it has not"}},
		{"never closes its listener", of(echoer{atStop: stopAccepting}),
			map[string]string{"listener closed before the drain": "", "nothing left behind": "must close its listener, and returned without"}},
		{"drains without end", of(echoer{until: func(context.Context) context.Context { return context.Background() }}),
			map[string]string{"stop while busy": "must return when the context of sandbox.Grace ends", "killed": "it still runs. It was here:\ngoroutine "}},
		{"cuts its connections", of(echoer{until: func(ctx context.Context) context.Context { return ctx }}),
			map[string]string{"work is finished": "Before, such a request was echoed, and now not answered whole"}},
		{"cuts its connections and says so", of(echoer{until: func(ctx context.Context) context.Context { return ctx }, complains: true}),
			map[string]string{"work is finished": "", "stop while busy": `after its ctx was done it returned the error "connections cut"`}},
		{"leaves connections open", of(echoer{leave: true}),
			map[string]string{"nothing left behind": "must close the connections it has accepted, and left"}},
		{"panics when it is busy", ambassadorBlock(func() ambassador.Ambassador { return new(panicker) }),
			map[string]string{"two runs at once": "the second of two calls of Serve at once must be refused with an error or serve as well, but it panicked: busy"}},
		{"lets the second run wait", ambassadorBlock(func() ambassador.Ambassador { return make(exclusive, 1) }),
			map[string]string{"two runs at once": "500ms later it does neither"}},
		{"closes the listener of the other", ambassadorBlock(func() ambassador.Ambassador { return new(usurper) }),
			map[string]string{"two runs at once": "the first of two calls of Serve at once, after the second one began, must"}},
	})
}

func TestBrokenAdapters(t *testing.T) {
	NoLeaks(t)
	fn := func(adapt func(context.Context, *os.Root, net.Listener) error) *block {
		return adapterBlock(func() adapter.Adapter { return adapter.Func(adapt) })
	}
	testBroken(t, []broken{
		{"needs a listener", fn(func(ctx context.Context, _ *os.Root, l net.Listener) error {
			l.Addr()
			return sandbox.ServeHTTP(ctx, l, new(http.Server))
		}), map[string]string{"no listener": "but it panicked: runtime error: invalid memory address"}},
		{"has nothing to do without a listener", fn(func(ctx context.Context, _ *os.Root, l net.Listener) error {
			if l == nil {
				return nil
			}
			return sandbox.ServeHTTP(ctx, l, new(http.Server))
		}), map[string]string{"no listener": "but it returned nil"}},
		{"shuts down as net/http does", fn(func(ctx context.Context, _ *os.Root, l net.Listener) error {
			return shutdown(ctx, l, new(http.Server))
		}), map[string]string{"work is finished": "Before, such a request was answered, and now not answered whole"}},
		{"shares its server", adapterBlock(func() adapter.Adapter { return new(sharing) }),
			map[string]string{"run again": "http: Server closed", "two runs at once": "", "work is finished": ""}},
	})
}

func TestBrokenFiles(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux tells what a process has open")
	}
	var left []*os.File
	t.Cleanup(func() {
		for _, f := range left {
			f.Close()
		}
	})
	b := ambassadorBlock(func() ambassador.Ambassador {
		return ambassador.Func(func(ctx context.Context, l net.Listener) error {
			f, err := os.Open(os.DevNull)
			left = append(left, f)
			return errors.Join(err, echoer{}.Serve(ctx, l))
		})
	})
	b.limits = quick
	failures := record(t, func(t testing.TB) { nothingLeft(newTrial(t, b)) })
	require.Len(t, failures, 1)
	require.Contains(t, failures[0], "Serve must close the files it has opened, and left "+os.DevNull)
}

// An echoer is an ambassador that can be broken in parts.
type echoer struct {
	until     func(ctx context.Context) context.Context // when connections are cut; nil: sandbox.Grace
	atStop    func(net.Listener)                        // nil: it is closed
	atEnd     func(net.Listener)
	complains bool
	leave     bool
}

func closeListener(l net.Listener) { l.Close() }

// stopAccepting frees the address, and does not tell the harness.
func stopAccepting(l net.Listener) { l.(*lease).Listener.Close() }

func (e echoer) Serve(ctx context.Context, l net.Listener) error {
	end, cancel := sandbox.Grace(ctx)
	defer cancel()
	if e.until != nil {
		end = e.until(ctx)
	}
	if e.atStop == nil {
		e.atStop = closeListener
	}
	stopped := make(chan struct{})
	context.AfterFunc(ctx, func() {
		defer close(stopped)
		e.atStop(l)
	})
	var conns sync.WaitGroup
	var cut atomic.Int32
	for {
		c, err := l.Accept()
		if err != nil {
			break
		}
		conns.Go(func() {
			defer context.AfterFunc(end, func() {
				cut.Add(1)
				c.Close()
			})()
			io.Copy(c, c)
			if !e.leave {
				c.Close()
			}
		})
	}
	conns.Wait()
	<-stopped
	if e.atEnd != nil {
		e.atEnd(l)
	}
	if e.complains && cut.Load() >= 4 { // fewer may only just have ended
		return errors.New("connections cut")
	}
	return nil
}

type panicker struct{ running atomic.Bool }

func (p *panicker) Serve(ctx context.Context, l net.Listener) error {
	if p.running.Swap(true) {
		panic("busy")
	}
	defer p.running.Store(false)
	return echoer{}.Serve(ctx, l)
}

type exclusive chan struct{}

func (e exclusive) Serve(ctx context.Context, l net.Listener) error {
	e <- struct{}{}
	defer func() { <-e }()
	return echoer{}.Serve(ctx, l)
}

type usurper struct{ l atomic.Pointer[net.Listener] }

func (u *usurper) Serve(ctx context.Context, l net.Listener) error {
	if other := u.l.Swap(&l); other != nil {
		stopAccepting(*other)
	}
	return echoer{}.Serve(ctx, l)
}

// sharing uses its server again, which net/http does not allow.
type sharing struct{ server http.Server }

func (s *sharing) Adapt(ctx context.Context, _ *os.Root, l net.Listener) error {
	return shutdown(ctx, l, &s.server)
}

func shutdown(ctx context.Context, l net.Listener, s *http.Server) error {
	if l == nil {
		return errors.New("needs a listener")
	}
	grace, cancel := sandbox.Grace(ctx)
	defer cancel()
	stopped := make(chan struct{})
	unwatch := context.AfterFunc(ctx, func() {
		defer close(stopped)
		s.Shutdown(grace)
		s.Close()
	})
	err := s.Serve(l)
	if unwatch() {
		return err
	}
	<-stopped
	return nil
}
