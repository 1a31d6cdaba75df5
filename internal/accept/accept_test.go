package accept

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"os"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// A script is a listener that answers Accept with these in turn, nil for a
// connection, and then waits until it is closed.
type script struct {
	net.Listener
	errs   []error
	closed chan struct{}
}

func (s *script) Accept() (net.Conn, error) {
	if len(s.errs) == 0 {
		<-s.closed
		return nil, net.ErrClosed
	}
	err := s.errs[0]
	s.errs = s.errs[1:]
	if err != nil {
		return nil, &net.OpError{Op: "accept", Net: "tcp", Err: err}
	}
	near, far := net.Pipe()
	far.Close()
	return near, nil
}

func errno(e syscall.Errno) error { return os.NewSyscallError("accept4", e) }

type rig struct {
	*Loop
	log     bytes.Buffer
	started atomic.Int64
}

func newRig(slots int) *rig {
	r := &rig{}
	r.Loop = &Loop{
		Slots: make(chan struct{}, slots), Log: slog.New(slog.NewTextHandler(&r.log, nil)),
		Errors: new(atomic.Int64), Full: new(atomic.Int64),
		Start: func(c net.Conn) { r.started.Add(1); c.Close() },
	}
	return r
}

// run returns what Run did, and how long it took, when ctx ended after patience.
func (r *rig) run(errs []error, patience time.Duration) (time.Duration, error) {
	ctx, cancel := context.WithCancel(context.Background())
	l := &script{errs: errs, closed: make(chan struct{})}
	time.AfterFunc(patience, func() { cancel(); close(l.closed) })
	began := time.Now()
	err := r.Run(ctx, l)
	took := time.Since(began)
	cancel()
	return took, err
}

func TestErrorsThatPass(t *testing.T) {
	for _, e := range append([]syscall.Errno{syscall.EMFILE, syscall.ENFILE}, passing...) {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(10)
			took, err := r.run([]error{errno(e), errno(e), nil, errno(e), nil}, time.Minute)
			require.NoError(t, err, e)
			require.Equal(t, time.Minute, took)
			require.EqualValues(t, 2, r.started.Load())
			require.EqualValues(t, 3, r.Errors.Load())
			require.Equal(t, 2, strings.Count(r.log.String(), "accept failed"), "the first of each row: %s", &r.log)
			require.Len(t, r.Slots, 2, "an error gives its slot back")
		})
	}
}

func TestErrorsThatDoNotPass(t *testing.T) {
	for _, e := range []error{errno(syscall.EBADF), errno(syscall.EINVAL), net.ErrClosed} {
		synctest.Test(t, func(t *testing.T) {
			took, err := newRig(10).run([]error{nil, e, nil}, time.Minute)
			require.ErrorIs(t, err, e)
			require.Zero(t, took)
		})
	}
}

// The pause after an error grows up to a second, and a stop does not wait for it.
func TestPauses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(1)
		errs := make([]error, 1000)
		for i := range errs {
			errs[i] = errno(syscall.EMFILE)
		}
		took, err := r.run(errs, time.Minute+time.Millisecond)
		require.NoError(t, err)
		require.Equal(t, time.Minute+time.Millisecond, took)
		require.EqualValues(t, 8+59, r.Errors.Load(), "5 ms to 640 ms take 1,275 ms, then one a second")
	})
}

func TestFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(2)
		time.AfterFunc(10*time.Second, func() { <-r.Slots })
		_, err := r.run([]error{nil, nil, nil, nil}, time.Minute)
		require.NoError(t, err)
		require.EqualValues(t, 3, r.started.Load(), "one when there was room again")
		require.EqualValues(t, 2, r.Full.Load())
		require.Equal(t, 1, strings.Count(r.log.String(), "MaxConns=2"), "%s", &r.log)
	})
}

func TestPace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(10)
		r.Pace = func(ctx context.Context) bool {
			select {
			case <-time.After(time.Second):
				return true
			case <-ctx.Done():
				return false
			}
		}
		_, err := r.run([]error{nil, nil, nil, nil, nil}, 2500*time.Millisecond)
		require.NoError(t, err)
		require.EqualValues(t, 2, r.started.Load())
	})
}
