package tcpproxy

import (
	"bytes"
	"errors"
	"log/slog"
	"net"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// A faultyListener fails with these first; nil lets a connection through.
type faultyListener struct {
	net.Listener
	faults []error
}

func (l *faultyListener) Accept() (net.Conn, error) {
	if len(l.faults) > 0 {
		err := l.faults[0]
		l.faults = l.faults[1:]
		if err != nil {
			return nil, &net.OpError{Op: "accept", Net: "tcp", Err: err}
		}
	}
	return l.Listener.Accept()
}

func accept4(errno syscall.Errno) error { return os.NewSyscallError("accept4", errno) }

func TestAcceptErrorsPass(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		r := prepare(t, &Proxy{MaxConns: 1}, "mem", "mem")
		r.box.Logger = slog.New(slog.NewTextHandler(&log, nil))
		var faults []error
		for _, errno := range []syscall.Errno{syscall.EMFILE, syscall.ENFILE, syscall.ECONNABORTED, syscall.ENOBUFS, syscall.EPERM} {
			faults = append(faults, accept4(errno))
		}
		began := time.Now()
		r.serve(&faultyListener{r.front, append(faults, nil, accept4(syscall.EMFILE))})
		for _, pause := range []time.Duration{5 + 10 + 20 + 40 + 80, 5} { // each twice the last, and from the start again
			client, server := r.connect()
			require.Equal(t, pause*time.Millisecond, time.Since(began))
			requireEcho(t, client, server)
			closeBoth(t, client, server)
			synctest.Wait()
			began = time.Now()
		}
		require.NoError(t, r.finish())
		require.EqualValues(t, 6, r.proxy.Stats().AcceptErrors)
		require.Equal(t, 2, strings.Count(log.String(), "accept failed"), "%s", &log)
	})
}

// A stop does not wait for the pause after an error.
func TestStopWhileAcceptFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := prepare(t, &Proxy{}, "mem", "mem")
		faults := make([]error, 1000)
		for i := range faults {
			faults[i] = accept4(syscall.EMFILE)
		}
		r.serve(&faultyListener{r.front, faults})
		elapse(time.Minute)
		synctest.Wait()
		began := time.Now()
		require.NoError(t, r.finish())
		require.Zero(t, time.Since(began))
	})
}

// A listener that is broken ends Serve, but not what it has accepted.
func TestAcceptErrorStays(t *testing.T) {
	r := prepare(t, &Proxy{}, "tcp", "tcp")
	r.serve(r.front)
	client, server := r.connect()
	r.front.Close() // by somebody else
	requireEcho(t, client, server)
	closeBoth(t, client, server)
	err := <-r.served
	require.ErrorContains(t, err, "tcpproxy: accept on "+r.front.Addr().String())
	require.ErrorIs(t, err, net.ErrClosed)
	r.requireOver()

	broken := errors.New("broken")
	r.front = r.listen("tcp")
	r.serve(&faultyListener{r.front, []error{broken}})
	require.ErrorIs(t, <-r.served, broken)
	r.requireOver()
}

func TestMaxConns(t *testing.T) {
	r := newRig(t, &Proxy{MaxConns: 2}, "tcp", "tcp")
	var clients, servers []net.Conn
	for range 2 {
		client, server := r.connect()
		clients, servers = append(clients, client), append(servers, server)
	}
	r.eventually("accepting has paused", func(s Stats) bool { return s.Full == 1 })
	waiting := r.dialFront() // in the backlog
	write(t, waiting, "patient")
	require.EqualValues(t, 2, r.proxy.Stats().Accepted)

	closeBoth(t, clients[0], servers[0])
	server, err := r.backend.Accept()
	require.NoError(t, err)
	requireRead(t, server, "patient")
	closeBoth(t, clients[1], servers[1])
	closeBoth(t, waiting, server)
	require.NoError(t, r.finish())
	got := r.proxy.Stats()
	require.EqualValues(t, 3, got.Completed)
}

// A lease is a listener whose end leaves the socket open, as under a pod: Close
// returns when no Accept is under way.
type lease struct {
	*net.TCPListener
	once  sync.Once
	ended chan struct{}
	mu    sync.Mutex // held by Accept
	kept  *[]net.Conn
}

func (l *lease) Accept() (net.Conn, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case <-l.ended:
		return nil, net.ErrClosed
	default:
	}
	if n := len(*l.kept); n > 0 {
		c := (*l.kept)[n-1]
		*l.kept = (*l.kept)[:n-1]
		return c, nil
	}
	c, err := l.TCPListener.Accept()
	select {
	case <-l.ended:
		if err == nil {
			*l.kept = append(*l.kept, c)
		}
		return nil, net.ErrClosed
	default:
		return c, err
	}
}

func (l *lease) Close() error {
	l.once.Do(func() { close(l.ended) })
	l.SetDeadline(time.Unix(1, 0))
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.SetDeadline(time.Time{})
}

// Over restarts no client is refused, reset or left without its answer.
func TestRestarts(t *testing.T) {
	r := prepare(t, &Proxy{}, "tcp", "tcp")
	go echoAll(r.backend)
	clients := sync.WaitGroup{}
	done := make(chan struct{})
	var failed, served [4]int
	for i := range served {
		clients.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				if err := roundTrip(r.front.Addr().String()); err != nil {
					t.Log(err)
					failed[i]++
				}
				served[i]++
			}
		})
	}
	var kept []net.Conn
	for range 50 {
		before := r.proxy.Stats().Accepted
		r.serve(&lease{TCPListener: r.front.(*net.TCPListener), ended: make(chan struct{}), kept: &kept})
		r.eventually("busy", func(s Stats) bool { return s.Accepted > before+5 })
		r.stop()
		require.NoError(t, <-r.served)
		require.Zero(t, r.proxy.Stats().Active)
	}
	close(done)
	r.serve(&lease{TCPListener: r.front.(*net.TCPListener), ended: make(chan struct{}), kept: &kept})
	clients.Wait()
	r.stop()
	require.NoError(t, <-r.served)
	r.backend.Close()
	require.Equal(t, [4]int{}, failed)
	total := served[0] + served[1] + served[2] + served[3]
	require.EqualValues(t, total, r.proxy.Stats().Completed)
}
