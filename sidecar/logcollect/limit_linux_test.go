package logcollect

import (
	"os"
	"os/signal"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

const fileLimit = 100 << 10

// limitFiles lets no file of this process become larger than fileLimit, as if the
// disk was full by then.
func limitFiles() error {
	signal.Ignore(syscall.SIGXFSZ)
	var now unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_FSIZE, &now); err != nil {
		return err
	}
	now.Cur = fileLimit
	return unix.Setrlimit(unix.RLIMIT_FSIZE, &now)
}

// The system itself refuses a part of a write, and takes the rest later.
func TestSmallDisk(t *testing.T) {
	b := newBench(t)
	b.append("access.log", lines(0, 10_000))
	child := b.command("small disk")
	child.Stderr = os.Stderr
	require.NoError(t, child.Start())
	defer child.Process.Kill()
	full := func() bool {
		fi, err := os.Stat(b.path("out"))
		return err == nil && fi.Size() == fileLimit
	}
	require.Eventually(t, full, time.Minute, time.Millisecond)
	b.append("access.log", lines(10_000, 10_010))
	var limit unix.Rlimit
	require.NoError(t, unix.Prlimit(child.Process.Pid, unix.RLIMIT_FSIZE, nil, &limit))
	limit.Cur = limit.Max
	require.NoError(t, unix.Prlimit(child.Process.Pid, unix.RLIMIT_FSIZE, &limit, nil))
	require.Eventually(t, func() bool { return b.endsOut(lines(10_009, 10_010)) }, time.Minute, time.Millisecond)
	require.NoError(t, child.Process.Signal(syscall.SIGTERM))
	require.NoError(t, child.Wait())
	require.True(t, lines(0, 10_010) == b.read("out"))
}
