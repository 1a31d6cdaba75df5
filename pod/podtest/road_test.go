package podtest_test

import (
	"context"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/podpatterns/podpatterns/pod/podtest"
)

// connectTo opens a connection, and returns both ends.
func connectTo(t *testing.T, n *podtest.Network, l net.Listener) (client, server net.Conn) {
	client = dial(t, n, l.Addr().String())
	server, err := l.Accept()
	require.NoError(t, err)
	t.Cleanup(func() { server.Close() })
	return client, server
}

func write(t *testing.T, c net.Conn, text string) {
	t.Helper()
	_, err := io.WriteString(c, text)
	require.NoError(t, err)
}

func read(t *testing.T, c net.Conn, n int) string {
	t.Helper()
	b := make([]byte, n)
	_, err := io.ReadFull(c, b)
	require.NoError(t, err)
	return string(b)
}

// requireSilent reads for a minute, and gets nothing.
func requireSilent(t *testing.T, c net.Conn) {
	t.Helper()
	require.NoError(t, c.SetReadDeadline(time.Now().Add(time.Minute)))
	_, err := c.Read(make([]byte, 1))
	requireOpError(t, err, "read", os.ErrDeadlineExceeded)
	require.NoError(t, c.SetReadDeadline(time.Time{}))
}

func TestCutHoldsWhatIsSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n podtest.Network
		l := listen(t, &n)
		client, server := connectTo(t, &n, l)
		write(t, client, "before ")
		n.Cut(l.Addr().String())
		require.Equal(t, "before ", read(t, server, 7), "it had arrived")
		write(t, client, "question")
		write(t, server, "answer")
		requireSilent(t, server)
		requireSilent(t, client)

		require.NoError(t, client.SetWriteDeadline(time.Now().Add(time.Minute)))
		_, err := client.Write(make([]byte, 1<<20))
		requireOpError(t, err, "write", os.ErrDeadlineExceeded)

		go func() { time.Sleep(time.Hour); n.Restore(l.Addr().String()) }()
		began := time.Now()
		require.Equal(t, "question", read(t, server, 8))
		require.Equal(t, "answer", read(t, client, 6))
		require.Equal(t, time.Hour, time.Since(began))
	})
}

func TestCutHidesAnEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n podtest.Network
		l := listen(t, &n)
		at := l.Addr().String()
		for end, what := range map[string]struct {
			close       func(net.Conn) error
			read, write error
		}{
			"close":      {net.Conn.Close, io.EOF, syscall.EPIPE},
			"half-close": {func(c net.Conn) error { return c.(tcp).CloseWrite() }, io.EOF, nil},
			"reset": {func(c net.Conn) error {
				c.(tcp).SetLinger(0)
				return c.Close()
			}, syscall.ECONNRESET, syscall.ECONNRESET},
		} {
			client, server := connectTo(t, &n, l)
			n.Cut(at)
			write(t, server, "last words")
			require.NoError(t, what.close(server))
			requireSilent(t, client)
			write(t, client, "nobody is there, and it does not know")
			n.Restore(at)
			require.Equal(t, "last words", read(t, client, 10), end)
			_, err := client.Read(make([]byte, 1))
			require.ErrorIs(t, err, what.read, end)
			_, err = client.Write([]byte("x"))
			require.ErrorIs(t, err, what.write, end)
		}
	})
}

func TestCutHasDialsWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n podtest.Network
		for _, c := range []struct{ network, listen, cut, dial string }{
			{"tcp", "db:5432", "db:5432", "db:5432"},
			{"tcp", "0.0.0.0:80", ":80", "127.0.0.1:80"},
			{"unix", "/run/db.sock", "unix:/run/db.sock", "/run/db.sock"},
		} {
			l, err := n.Listen(t.Context(), c.network, c.listen)
			require.NoError(t, err)
			n.Cut(c.cut)
			n.Cut(c.cut)
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			began := time.Now()
			_, err = n.DialContext(ctx, c.network, c.dial)
			require.ErrorIs(t, err, context.DeadlineExceeded)
			require.Equal(t, time.Minute, time.Since(began))

			go func() { time.Sleep(time.Hour); n.Restore(c.cut) }()
			conn, err := n.DialContext(t.Context(), c.network, c.dial)
			require.NoError(t, err)
			require.Equal(t, time.Hour+time.Minute, time.Since(began))
			require.NoError(t, conn.Close())
			require.NoError(t, l.Close())
		}
	})
}

func TestCutIsOfOnePlace(t *testing.T) {
	var n podtest.Network
	web, db := listen(t, &n), listen(t, &n)
	n.Cut(db.Addr().String())
	client, server := connectTo(t, &n, web)
	write(t, client, "hello")
	require.Equal(t, "hello", read(t, server, 5))
	require.PanicsWithValue(t, `podtest: address "db": address db: missing port in address`, func() { n.Cut("db") })
}

func TestCutLosesDatagrams(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n podtest.Network
		server, err := n.ListenPacket(t.Context(), "udp", "127.0.0.1:53")
		require.NoError(t, err)
		client, err := n.DialContext(t.Context(), "udp", "127.0.0.1:53")
		require.NoError(t, err)
		n.Cut("127.0.0.1:53")
		write(t, client, "lost")
		_, err = server.WriteTo([]byte("lost as well"), client.LocalAddr())
		require.NoError(t, err)
		require.EqualValues(t, 2, n.Dropped())
		n.Restore("127.0.0.1:53")
		n.Slow(time.Second, 1)
		began := time.Now()
		write(t, client, "late")
		b := make([]byte, 8)
		size, _, err := server.ReadFrom(b)
		require.NoError(t, err)
		require.Equal(t, "late", string(b[:size]))
		require.Equal(t, time.Second, time.Since(began))
	})
}

// TestCutAndRestoreAtRandom loses nothing.
func TestCutAndRestoreAtRandom(t *testing.T) {
	podtest.NoLeaks(t)
	var n podtest.Network
	l := listen(t, &n)
	client, server := connectTo(t, &n, l)
	go io.Copy(server, server)
	const size = 1 << 20
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range 200 {
			n.Cut(l.Addr().String())
			n.Slow(time.Millisecond, 100<<20)
			n.Restore(l.Addr().String())
			n.Slow(0, 0)
		}
	}()
	go func() {
		for i := range size / 1024 {
			block := make([]byte, 1024)
			for j := range block {
				block[j] = byte(i + j/4)
			}
			client.Write(block)
		}
	}()
	got := read(t, client, size)
	for i := range size {
		if want := byte(i/1024 + i%1024/4); got[i] != want {
			t.Fatalf("byte %d is %d, and must be %d", i, got[i], want)
		}
	}
	<-done
}
