package tcpproxy

import (
	"io"
	"net"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// howMany is fewer where each is slower.
func howMany() int {
	if raceDetector() {
		return 1_000
	}
	return 10_000
}

// As many connections at once as MaxConns are by default, each with bytes of its
// own; and nothing is left of them.
func TestManyConnectionsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, &Proxy{}, "mem", "mem")
		go echoAll(r.backend)
		many := howMany()
		clients := make([]net.Conn, many)
		for i := range clients {
			clients[i] = r.dialFront()
			write(t, clients[i], string(message))
		}
		synctest.Wait()
		s := r.proxy.Stats()
		require.EqualValues(t, many, s.Active)
		require.EqualValues(t, many*len(message), s.FromUpstream)
		for _, c := range clients {
			requireRead(t, c, string(message))
			require.NoError(t, c.Close())
		}
		require.NoError(t, r.finish())
		require.EqualValues(t, many, r.proxy.Stats().Completed)
	})
}

// The same over sockets, of which a process has fewer, in rounds. They end in
// every way, and the descriptors are back where they were.
func TestManyConnectionsOfSockets(t *testing.T) {
	const atOnce = 500
	many := howMany()
	r := newRig(t, &Proxy{}, "tcp", "tcp")
	client, server := r.connect() // so that what is made once is there
	closeBoth(t, client, server)
	r.eventually("closed", func(s Stats) bool { return s.Completed == 1 })
	before := descriptors(t)
	go echoAll(r.backend)
	for range many / atOnce {
		clients := make([]*net.TCPConn, atOnce)
		for i := range clients {
			c, err := net.Dial("tcp", r.front.Addr().String())
			require.NoError(t, err)
			clients[i] = c.(*net.TCPConn)
			write(t, c, string(message))
		}
		for i, c := range clients {
			requireRead(t, c, string(message))
			switch i % 3 {
			case 0:
				c.SetLinger(0)
			case 1:
				require.NoError(t, c.CloseWrite())
				_, err := io.ReadAll(c)
				require.NoError(t, err)
			}
			c.Close()
		}
	}
	r.eventually("all have ended", func(s Stats) bool { return s.Active == 0 })
	require.Eventually(t, func() bool {
		runtime.GC() // the backend's pipes are in a sync.Pool of package net
		return descriptors(t) <= before
	}, patience, 10*time.Millisecond)
	s := r.proxy.Stats()
	require.EqualValues(t, many+1, s.Completed+s.ClientResets, "%+v", s)
	require.NoError(t, r.finish())
}
