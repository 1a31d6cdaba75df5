package statsd

import (
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/podpatterns/podpatterns/pod/podtest"
	"github.com/podpatterns/podpatterns/pod/sandbox"
)

func TestTCP(t *testing.T) {
	podtest.NoLeaks(t)
	s := &Source{TCP: "127.0.0.1:0", MaxLine: 100}
	stop := start(t, t.Context(), s)
	c := dial(t, s.Addrs()[0])
	for _, part := range []string{"a:1", "|c\na:", "2|c", "|#k:v\r\n\n", "bad\nb:3|g\nb", ":+1|g\n"} {
		send(t, c, part)
		time.Sleep(2 * time.Millisecond)
	}
	eventually(t, func() bool { return s.Stats().Samples == 4 })
	require.Equal(t, []string{`a_total 1`, `a_total{k="v"} 2`, "b 4"}, text(t, s))

	// A line that is too long is left out, however it comes, and those around it
	// are taken.
	long := strings.Repeat("x", 101)
	send(t, c, "c:1|c\n"+long+"\nc:1|c\n")
	send(t, c, strings.Repeat("y", 1<<20))
	send(t, c, "z\nc:1|c\n")
	eventually(t, func() bool { return s.Stats().Samples == 7 })
	require.EqualValues(t, 3, value(t, s, "c"))
	require.Equal(t, map[string]uint64{"malformed_line": 1, "line_too_long": 2}, s.Stats().Rejected)

	send(t, c, "d:1|c") // the last line of a connection needs no end
	c.Close()
	eventually(t, func() bool { return s.Stats().Samples == 8 && s.Stats().Connections == 0 })
	require.NoError(t, stop())
	require.EqualValues(t, 1, s.Stats().Accepted)
}

func TestTCPLimit(t *testing.T) {
	podtest.NoLeaks(t)
	s := &Source{TCP: "127.0.0.1:0", MaxConns: 2}
	stop := start(t, t.Context(), s)
	var all []net.Conn
	for i := range 2 {
		all = append(all, dial(t, s.Addrs()[0]))
		eventually(t, func() bool { return s.Stats().Connections == i+1 })
	}
	third := dial(t, s.Addrs()[0])
	third.SetReadDeadline(time.Now().Add(10 * time.Second))
	_, err := third.Read(make([]byte, 1))
	require.Error(t, err)
	require.NotErrorIs(t, err, os.ErrDeadlineExceeded)
	require.EqualValues(t, 1, s.Stats().Refused)
	all[0].Close()
	eventually(t, func() bool { return s.Stats().Connections == 1 })
	send(t, dial(t, s.Addrs()[0]), "a:1|c\n")
	eventually(t, func() bool { return s.Stats().Samples == 1 })
	require.NoError(t, stop())
	require.Zero(t, s.Stats().Connections)
}

// What was sent before the stop is taken; half a line is not.
func TestTCPDrains(t *testing.T) {
	podtest.NoLeaks(t)
	for range 10 {
		s := &Source{TCP: "127.0.0.1:0"}
		stop := start(t, t.Context(), s)
		c := dial(t, s.Addrs()[0])
		eventually(t, func() bool { return s.Stats().Connections == 1 })
		s.table.mu.Lock()
		send(t, c, strings.Repeat("a:1|c\n", 10_000)+"a:1|c|@0.")
		waiting := dial(t, s.Addrs()[0]) // accepted or not
		send(t, waiting, "b:1|c\n")
		ended := make(chan error)
		go func() { ended <- stop() }()
		time.Sleep(time.Millisecond)
		s.table.mu.Unlock()
		require.NoError(t, <-ended)
		require.EqualValues(t, 10_000, value(t, s, "a"))
		require.EqualValues(t, 1, value(t, s, "b"))
		require.Equal(t, map[string]uint64{"unfinished_line": 1}, s.Stats().Rejected)
	}
}

func TestUnix(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no unix datagrams on windows")
	}
	podtest.NoLeaks(t)
	dir := t.TempDir()
	root, err := os.OpenRoot(dir)
	require.NoError(t, err)
	defer root.Close()
	box := &sandbox.Sandbox{Root: root}
	path := filepath.Join(dir, "statsd.sock")
	s := &Source{Unix: "statsd.sock", UnixMode: 0o622}
	for i := range 3 {
		stop := start(t, box.Context(t.Context()), s)
		require.Equal(t, path, s.Addrs()[0].String())
		info, err := os.Stat(path)
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o622), info.Mode().Perm())
		send(t, dial(t, s.Addrs()[0]), "a:1|c\nb:1|c")
		eventually(t, func() bool { return s.Stats().Samples == uint64(2*(i+1)) })
		if i == 1 { // of a process that was killed
			require.NoError(t, os.Rename(path, path+"2"))
			require.NoError(t, stop())
			require.NoError(t, os.Rename(path+"2", path))
			continue
		}

		second := &Source{Unix: "statsd.sock"}
		require.ErrorContains(t, second.Run(box.Context(t.Context())), "address already in use")
		require.NoError(t, stop())
		_, err = os.Lstat(path)
		require.ErrorIs(t, err, os.ErrNotExist)
	}

	require.NoError(t, os.WriteFile(path, []byte("mine"), 0o600)) // no socket, so it is none of ours
	require.ErrorContains(t, s.Run(box.Context(t.Context())), "address already in use")
	require.ErrorContains(t, (&Source{Unix: "../s"}).Run(box.Context(t.Context())), `Unix: "../s": path escapes from the root`)
}
