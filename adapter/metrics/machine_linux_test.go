package metrics

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// childVariable makes the test binary a child: see the modes.
const childVariable = "PODPATTERNS_METRICS_TEST_CHILD"

func TestMain(m *testing.M) {
	mode, isChild := modes[os.Getenv(childVariable)]
	if isChild {
		mode()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

var modes = map[string]func(){
	"burn": burnUntilEOF,
	"tree": growTree,
}

// burnUntilEOF uses CPU until its stdin ends.
func burnUntilEOF() {
	go func() {
		for {
			runtime.Gosched()
		}
	}()
	io.Copy(io.Discard, os.Stdin)
}

func burnFor(d time.Duration) {
	for begun := usage(syscall.RUSAGE_SELF); usage(syscall.RUSAGE_SELF) < begun+d.Seconds(); {
	}
}

// short is what uses some CPU, and ends.
const short = "i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done"

// growTree starts short children at each line of its stdin, waits for them, and
// says then how much CPU time it and they have used. At "orphan" it leaves one
// to init that a collection can see before.
func growTree() {
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		if in.Text() == "orphan" {
			exec.Command("/bin/sh", "-c", "("+short+"; "+short+") & sleep 0.3").Run()
			fmt.Println("orphan")
			continue
		}
		for range 3 {
			if err := exec.Command("/bin/sh", "-c", short).Run(); err != nil {
				panic(err)
			}
		}
		fmt.Println(usage(syscall.RUSAGE_SELF) + usage(syscall.RUSAGE_CHILDREN))
	}
}

// A kid is a child with its pipes.
type kid struct {
	*exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
}

// child starts one that runs until the test ends.
func child(t testing.TB, mode string) *kid {
	t.Helper()
	c := &kid{Cmd: exec.Command(os.Args[0])}
	c.Env = append(os.Environ(), childVariable+"="+mode)
	var err error
	c.in, err = c.StdinPipe()
	require.NoError(t, err)
	out, err := c.StdoutPipe()
	require.NoError(t, err)
	c.out = bufio.NewReader(out)
	require.NoError(t, c.Start())
	t.Cleanup(func() {
		c.in.Close()
		c.Wait()
	})
	return c
}

// until waits for a condition of the real world.
func until(t testing.TB, is func() bool) {
	t.Helper()
	ticker := time.NewTicker(2 * time.Millisecond)
	defer ticker.Stop()
	for deadline := time.Now().Add(20 * time.Second); !is(); <-ticker.C {
		require.True(t, time.Now().Before(deadline), "it does not come about")
	}
}

// usage is the CPU time of this process, or its children, by another way.
func usage(who int) float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(who, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()).Seconds()
}

// measured are the points of one collection.
func measured(t testing.TB, ctx context.Context, s Source) map[string]Point {
	t.Helper()
	var b Batch
	require.NoError(t, s.Collect(ctx, &b))
	lines(t, &b)
	return points(t, &b)
}

// total adds up the points of a family, and says since when they count.
func total(all map[string]Point, name string) (sum float64, start int64) {
	for key, p := range all {
		if family, _, _ := strings.Cut(key, "{"); family == name {
			sum, start = sum+p.Value.Float(), p.Start
		}
	}
	return sum, start
}

const ticks = 0.03 // user and system time are each rounded to 10 ms

func TestOwnCPUTime(t *testing.T) {
	p := new(Process)
	measure := func() float64 {
		t.Helper()
		before := usage(syscall.RUSAGE_SELF)
		cpu, _ := total(measured(t, context.Background(), p), "process.cpu.time")
		after := usage(syscall.RUSAGE_SELF)
		require.InDelta(t, (before+after)/2, cpu, (after-before)/2+ticks)
		return cpu
	}
	first := measure()
	burnFor(200 * time.Millisecond)
	require.Greater(t, measure()-first, 0.1)
}

func TestOwnMemory(t *testing.T) {
	ballast := make([]byte, 64<<20)
	for i := 0; i < len(ballast); i += 4096 {
		ballast[i] = 1
	}
	status, err := machine.read("/proc/self/status")
	require.NoError(t, err)
	all := measured(t, context.Background(), new(Process))
	runtime.KeepAlive(ballast)
	_, after, _ := strings.Cut(string(status), "VmRSS:")
	var kib float64
	_, err = fmt.Sscanf(after, "%f kB", &kib)
	require.NoError(t, err)
	require.Greater(t, kib, float64(len(ballast)>>10))
	resident := all["process.memory.usage{}"].Value.Float()
	require.InEpsilon(t, kib*1024, resident, 0.2)
	require.Greater(t, all["process.memory.virtual{}"].Value.Float(), resident)
	require.Greater(t, all["process.unix.file_descriptor.count{}"].Value.Float(), 3.0)
	faults, _ := total(all, "process.paging.faults")
	require.Greater(t, faults, 100.0)
	_, start := total(all, "process.cpu.time")
	require.WithinRange(t, time.Unix(0, start), time.Now().Add(-time.Hour), time.Now().Add(50*time.Millisecond))
	require.InDelta(t, float64(start)/1e9, all["process.start_time{}"].Value.Float(), 2e-3)
}

func TestOpenDescriptorsAreCounted(t *testing.T) {
	p := new(Process)
	p.Collect(context.Background(), new(Batch)) // keeps four open
	before := measured(t, context.Background(), p)["process.unix.file_descriptor.count{}"].Value.Float()
	var open []*os.File
	for range 10 {
		f, err := os.Open("/dev/null")
		require.NoError(t, err)
		open = append(open, f)
	}
	require.Equal(t, before+10, measured(t, context.Background(), p)["process.unix.file_descriptor.count{}"].Value.Float())
	dir, err := os.Open("/proc/self/fd")
	require.NoError(t, err)
	defer dir.Close()
	listed, err := listOpen(dir)
	require.NoError(t, err)
	counted, err := countOpen(dir)
	require.NoError(t, err)
	require.Equal(t, listed, counted)
	for _, f := range open {
		f.Close()
	}
}

func TestDiskIsCounted(t *testing.T) {
	all := measured(t, context.Background(), new(Process))
	before, _ := all[`process.disk.io{disk_io_direction="write"}`].Value.Int()
	file := t.TempDir() + "/f"
	require.NoError(t, os.WriteFile(file, make([]byte, 1<<20), 0o600))
	after, _ := measured(t, context.Background(), new(Process))[`process.disk.io{disk_io_direction="write"}`].Value.Int()
	var st syscall.Statfs_t
	if require.NoError(t, syscall.Statfs(file, &st)); st.Type == 0x01021994 {
		t.Skip("the temporary folder is in memory")
	}
	require.GreaterOrEqual(t, after-before, int64(1<<20))
}

func TestChildOfAPod(t *testing.T) {
	c := child(t, "burn")
	now := c.Process.Pid
	ctx := running("web", func() int { return now })
	p := &Process{Container: "web"}
	last, start := 0.0, int64(0)
	until(t, func() bool {
		sum, s := total(measured(t, ctx, p), "process.cpu.time")
		require.GreaterOrEqual(t, sum, last)
		require.True(t, start == 0 || s == start, "Start stays")
		last, start = sum, s
		return sum > 0.1
	})

	require.NoError(t, c.Process.Kill())
	var err error
	until(t, func() bool {
		err = p.Collect(ctx, new(Batch))
		return err != nil
	})
	require.ErrorContains(t, err, "exited", "it is a zombie")
	c.Wait()
	require.ErrorIs(t, p.Collect(ctx, new(Batch)), fs.ErrNotExist)

	now = child(t, "burn").Process.Pid
	sum, s := total(measured(t, ctx, p), "process.cpu.time")
	require.Less(t, sum, last, "it is another process")
	require.Greater(t, s, start, "which counts from its own start on")
}

func TestOwnCgroup(t *testing.T) {
	text, err := collect(t, context.Background(), &Cgroup{})
	if err != nil {
		require.ErrorIs(t, err, ErrNotAvailable)
		t.Skip(err)
	}
	require.Contains(t, text, "container.")
}
