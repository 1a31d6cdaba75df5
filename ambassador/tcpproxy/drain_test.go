package tcpproxy

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestDrainFinishesWhatWasAccepted(t *testing.T) {
	for _, n := range networks {
		t.Run(n[0]+" to "+n[1], func(t *testing.T) {
			r := newRig(t, &Proxy{}, n[0], n[1])
			client, server := r.connect()
			write(t, client, "quest")
			requireRead(t, server, "quest")
			r.stop()
			_, err := r.front.Accept()
			require.ErrorIs(t, err, net.ErrClosed)
			write(t, client, "ion")
			requireRead(t, server, "ion")
			write(t, server, "answer")
			requireRead(t, client, "answer")
			closeBoth(t, client, server)
			require.NoError(t, r.finish())
		})
	}
}

// The listener is closed while MaxConns keep Serve from accepting, too.
func TestStopClosesTheListenerAtOnce(t *testing.T) {
	r := newRig(t, &Proxy{MaxConns: 1}, "tcp", "tcp")
	client, server := r.connect()
	r.eventually("full", func(s Stats) bool { return s.Full == 1 })
	r.stop()
	require.Eventually(t, func() bool {
		c, err := net.Dial("tcp", r.front.Addr().String())
		if err == nil {
			c.Close()
		}
		return err != nil
	}, patience, time.Millisecond)
	requireEcho(t, client, server)
	closeBoth(t, client, server)
	require.NoError(t, r.finish())
}

func TestDrainCutsWhatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := prepare(t, &Proxy{}, "mem", "mem")
		r.box.Grace = 10 * time.Second
		r.serve(r.front)
		client, server := r.connect()
		_, _ = r.connect()
		one, other := r.connect()
		began := time.Now()
		r.stop()
		closeBoth(t, one, other)
		err := r.finish()
		require.EqualError(t, err, "tcpproxy: 2 connections cut when the grace period ended: context deadline exceeded")
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, 10*time.Second, time.Since(began))
		for _, c := range []net.Conn{client, server} {
			_, err = c.Read(make([]byte, 1))
			require.ErrorContains(t, err, "reset")
		}
		require.Equal(t, Stats{Accepted: 3, Dialled: 3, Completed: 1, Cut: 2}, r.proxy.Stats())
	})
}

func TestDrainFinishesADial(t *testing.T) {
	dialling, answer := make(chan bool), make(chan bool)
	r := prepare(t, &Proxy{}, "tcp", "tcp")
	r.proxy.Upstream = UpstreamFunc(func(ctx context.Context) (net.Conn, error) {
		close(dialling)
		<-answer
		return r.dial(ctx, "tcp", r.backend.Addr().String())
	})
	r.serve(r.front)
	client := r.dialFront()
	<-dialling
	r.stop()
	close(answer)
	server, err := r.backend.Accept()
	require.NoError(t, err)
	requireEcho(t, client, server)
	closeBoth(t, client, server)
	require.NoError(t, r.finish())
}

// A dial that the end of the grace period cuts is counted as cut, whether its
// own error or the drain is noticed first.
func TestDrainCutsADial(t *testing.T) {
	for _, late := range []bool{false, true} { // whether it answers only then
		synctest.Test(t, func(t *testing.T) {
			var log bytes.Buffer
			r := prepare(t, &Proxy{DialTimeout: time.Hour}, "mem", "mem")
			r.box.Logger = slog.New(slog.NewTextHandler(&log, nil))
			upstreams := make(chan net.Conn, 3)
			r.proxy.Upstream = UpstreamFunc(func(ctx context.Context) (net.Conn, error) {
				<-ctx.Done()
				if !late {
					return nil, ctx.Err()
				}
				elapse(time.Second) // until the drain has cut it for sure
				c, _ := net.Pipe()
				upstreams <- c
				return c, nil
			})
			r.serve(r.front)
			for range 3 {
				r.dialFront()
			}
			synctest.Wait()
			require.ErrorContains(t, r.finish(), "3 connections cut")
			got := r.proxy.Stats()
			require.EqualValues(t, 3, got.Cut)
			require.Empty(t, log.String(), "it says nothing of the upstream")
			for range len(upstreams) {
				_, err := (<-upstreams).Write([]byte("x"))
				require.Error(t, err, "closed")
			}
		})
	}
}

func TestDrainIdle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := prepare(t, &Proxy{DrainIdle: 3 * time.Second}, "mem", "mem")
		r.serve(r.front)
		pooled, itsServer := r.connect()
		requireEcho(t, pooled, itsServer)
		asking, answering := r.connect()
		half, whole := r.connect()
		require.NoError(t, half.CloseWrite())
		requireEnd(t, whole, "")
		unread, busy := r.connect()
		held := strings.Repeat("held", 100<<10)
		go io.WriteString(busy, held) // nobody reads it: the proxy has some in hand

		elapse(2 * time.Second)
		began := time.Now()
		r.stop()
		write(t, asking, "question")
		requireRead(t, answering, "question")
		requireEnd(t, pooled, "")
		require.Equal(t, time.Second, time.Since(began), "silence from before the drain counts")
		requireEnd(t, itsServer, "")
		elapse(time.Second)
		write(t, answering, "answer")
		requireRead(t, asking, "answer")
		requireEnd(t, asking, "")
		require.Equal(t, 5*time.Second, time.Since(began))

		elapse(20 * time.Second)
		requireRead(t, unread, held)
		write(t, whole, "a half-closed one is not idle")
		requireRead(t, half, "a half-closed one is not idle")
		require.NoError(t, whole.Close())
		requireEnd(t, half, "")
		require.NoError(t, r.finish())
		got := r.proxy.Stats()
		require.EqualValues(t, 3, got.IdleClosed)
		require.EqualValues(t, 1, got.Completed)
	})
}

// DrainIdle counts from its dial for a connection that is joined in a drain.
func TestDrainIdleAfterADial(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := prepare(t, &Proxy{DrainIdle: 3 * time.Second, DialTimeout: time.Minute}, "mem", "mem")
		r.proxy.Upstream = UpstreamFunc(func(ctx context.Context) (net.Conn, error) {
			elapse(10 * time.Second)
			return r.dial(ctx, "tcp", r.backend.Addr().String())
		})
		r.serve(r.front)
		began := time.Now()
		client := r.dialFront()
		synctest.Wait()
		r.stop()
		requireEnd(t, client, "")
		require.Equal(t, 13*time.Second, time.Since(began))
		require.NoError(t, r.finish())
		require.EqualValues(t, 1, r.proxy.Stats().IdleClosed)
	})
}

func TestHalfCloseIdle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, &Proxy{HalfCloseIdle: time.Minute}, "mem", "mem")
		client, server := r.connect()
		elapse(time.Hour) // an open one may be silent
		require.NoError(t, client.CloseWrite())
		requireEnd(t, server, "")
		for range 5 {
			elapse(59 * time.Second)
			write(t, server, "still here")
			requireRead(t, client, "still here")
		}
		began := time.Now()
		_, err := client.Read(make([]byte, 1))
		require.ErrorContains(t, err, "reset")
		require.Equal(t, time.Minute, time.Since(began))
		_, err = server.Read(make([]byte, 1))
		require.Error(t, err)
		require.NoError(t, r.finish())
		require.EqualValues(t, 1, r.proxy.Stats().HalfCloseExpired)
	})
}
