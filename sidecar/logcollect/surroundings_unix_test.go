//go:build unix

package logcollect

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// asNobody runs the test without the rights of root, in a process of its own if
// need be. It returns true where it did.
func asNobody(t *testing.T) bool {
	if os.Getuid() != 0 {
		return false
	}
	if runtime.GOOS != "linux" {
		t.Skip("root may read everything")
	}
	child := exec.Command("/proc/self/exe", "-test.run=^"+t.Name()+"$", "-test.v")
	child.Dir = "/"
	child.Env = append(os.Environ(), "TMPDIR=/tmp")
	child.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	out, err := child.CombinedOutput()
	require.NoError(t, err, string(out))
	require.Contains(t, string(out), "--- PASS: "+t.Name())
	return true
}

func TestPermissionGivenLater(t *testing.T) {
	if asNobody(t) {
		return
	}
	b := newBench(t)
	j := b.listen()
	b.append(log, lines(0, 10))
	b.append("closed/b.log", lines(0, 10))
	require.NoError(t, os.Chmod(b.path(log), 0))
	require.NoError(t, os.Chmod(b.path("closed"), 0))
	t.Cleanup(func() { os.Chmod(b.path("closed"), 0o755) })
	sink := &memory{}
	b.start(&Collector{Include: []string{"logs/*.log", "closed/*.log"}, Sink: sink, PollInterval: 20 * time.Millisecond})
	b.await("tried again", func() bool { return b.c.Stats().ReadErrors > 10 })
	require.Equal(t, 1, j.count("can't be opened", "file="+log), "said once")
	require.Equal(t, 1, j.count("can't be listed", "file=closed"), "said once")
	require.Empty(t, sink.String())

	require.NoError(t, os.Chmod(b.path(log), 0o644))
	b.awaitLines(10)
	require.NoError(t, os.Chmod(b.path("closed"), 0o755))
	b.awaitLines(20)

	require.NoError(t, os.Chmod(b.path("closed"), 0)) // what is there is not taken for gone
	b.append(log, lines(10, 20))
	b.awaitLines(30)
	errors := b.c.Stats().ReadErrors
	b.await("missed", func() bool { return b.c.Stats().ReadErrors > errors+3 })
	require.NoError(t, os.Chmod(b.path("closed"), 0o755))
	b.append("closed/b.log", lines(10, 20))
	b.awaitLines(40)
	require.NoError(t, b.stop())
	require.Equal(t, lines(0, 20), sink.of(log))
	require.Equal(t, lines(0, 20), sink.of("closed/b.log"))
}

// A file whose rights come back is read at once, because that is heard of.
func TestPermissionNotified(t *testing.T) {
	if asNobody(t) {
		return
	}
	b := newBench(t)
	b.append(log, lines(0, 10))
	require.NoError(t, os.Chmod(b.path(log), 0))
	sink := &memory{}
	b.start(&Collector{Include: []string{"logs/*.log"}, Sink: sink, PollInterval: time.Hour})
	b.await("tried", func() bool { return b.c.Stats().ReadErrors > 0 })
	require.NoError(t, os.Chmod(b.path(log), 0o644))
	b.awaitLines(10)
	require.NoError(t, b.stop())
}

func TestDescriptorsExhausted(t *testing.T) {
	for _, sink := range []Sink{&memory{}, &File{Path: "out/all"}} {
		t.Run(fmt.Sprintf("%T", sink), func(t *testing.T) {
			const files = 100
			b := newBench(t)
			var writers []*os.File
			for i := range files {
				name := fmt.Sprintf("logs/%02d.log", i)
				b.append(name, lines(0, 10))
				if i%10 == 0 {
					f, err := os.OpenFile(b.path(name), os.O_APPEND|os.O_WRONLY, 0)
					require.NoError(t, err)
					defer f.Close()
					writers = append(writers, f)
				}
			}
			free, err := os.Open(b.path("logs")) // the lowest number that is free
			require.NoError(t, err)
			var before unix.Rlimit
			require.NoError(t, unix.Getrlimit(unix.RLIMIT_NOFILE, &before))
			few := before
			few.Cur = uint64(free.Fd()) + 25
			free.Close()
			require.NoError(t, unix.Setrlimit(unix.RLIMIT_NOFILE, &few))
			restore := func() { require.NoError(t, unix.Setrlimit(unix.RLIMIT_NOFILE, &before)) }
			defer restore()

			b.start(&Collector{Include: []string{"logs/*.log"}, Sink: sink, PollInterval: 50 * time.Millisecond})
			b.awaitLines(files * 10)
			for i := range 5 {
				for _, f := range writers {
					_, err := f.WriteString(lines(10+i, 11+i))
					require.NoError(t, err)
				}
				b.awaitLines(int64(files*10 + (i+1)*len(writers)))
			}
			require.Less(t, b.c.Stats().OpenFiles, int64(25))
			require.NoError(t, b.stop())
			restore()
			require.EqualValues(t, files*10+5*len(writers), b.c.Stats().Lines)
			require.Zero(t, b.c.Stats().LostBytes)
		})
	}
}

// What is no file of lines is left alone, which is said once.
func TestIrregularFilesSaidOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		j := b.listen()
		b.append("a.log", lines(0, 10))
		b.append("dir.log/file", "not this\n")
		b.append("sub/b.log", lines(10, 20))
		require.NoError(t, unix.Mkfifo(b.path("pipe.log"), 0o644))
		require.NoError(t, unix.Mkfifo(b.path("pipe"), 0o644)) // where a directory is looked for
		b.link("pipe", "to-pipe.log")
		l, err := net.ListenUnix("unix", &net.UnixAddr{Name: b.path("s.log")})
		if err == nil { // else the name is too long
			defer l.Close()
		}
		sink := &memory{}
		b.start(&Collector{Include: []string{"*.log", "pipe/*.log", "pipe", "sub/**"}, Sink: sink, PollOnly: true})
		b.awaitLines(20)
		time.Sleep(10 * time.Second)
		synctest.Wait()
		require.NoError(t, b.stop())
		require.Equal(t, lines(0, 20), sink.String())
		for _, name := range []string{"dir.log", "pipe.log", "pipe", "to-pipe.log"} {
			require.Equal(t, 1, j.count("is not a regular file", "file="+name+"\n"), name)
		}
		if err == nil {
			require.Equal(t, 1, j.count("is not a regular file", "file=s.log\n"))
		}
		require.Zero(t, j.count("file=sub\n"), "what a pattern goes through")
	})
}
