package tcpproxy

import (
	"net"
	"runtime"
	"runtime/debug"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// The limits that the package's doc states for a connection on which nothing
// is said.
func TestIdleConnection(t *testing.T) {
	const (
		n             = 500
		maxBytes      = 10 << 10
		maxGoroutines = 2
		maxFiles      = 2
	)
	r := newRig(t, &Proxy{}, "tcp", "tcp")
	clients, servers := make([]net.Conn, n), make([]net.Conn, n)
	open := func(i int) {
		clients[i], servers[i] = r.connect()
		requireEcho(t, clients[i], servers[i])
	}
	open(0) // so that what is made once is there
	before := descriptors(t)
	// The test's own ends are part of what it measures; these stand for them.
	pairs := n - 1
	ends := bare(t, pairs)
	bytes, goroutines, files := heap(), runtime.NumGoroutine(), descriptors(t)
	for i := 1; i < n; i++ {
		open(i)
	}
	bytes, goroutines, files = heap()-bytes, runtime.NumGoroutine()-goroutines, descriptors(t)-files
	each := (bytes - ends) / int64(pairs)
	t.Logf("%d bytes, %.2f goroutines, %.2f descriptors each",
		each, float64(goroutines)/float64(pairs), float64(files)/float64(pairs)-2)
	if !raceDetector() { // which makes stacks larger
		require.Less(t, each, int64(maxBytes))
	}
	require.LessOrEqual(t, goroutines, maxGoroutines*pairs+idleWorkers)
	require.LessOrEqual(t, files, (maxFiles+2)*pairs)
	for i := range n {
		closeBoth(t, clients[i], servers[i])
	}
	require.NoError(t, r.finish())
	require.Less(t, descriptors(t), before, "all given back")
}

func raceDetector() bool {
	info, _ := debug.ReadBuildInfo()
	return slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"})
}

// bare returns the memory that both ends of n connections take here.
func bare(t *testing.T, n int) int64 {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	conns := make([]net.Conn, 2*n)
	before := heap()
	for i := 0; i < len(conns); i += 2 {
		conns[i], err = net.Dial("tcp", l.Addr().String())
		require.NoError(t, err)
		conns[i+1], err = l.Accept()
		require.NoError(t, err)
	}
	taken := heap() - before
	for _, c := range conns {
		c.Close()
	}
	return taken
}
