package metrics

import (
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

	"github.com/podpatterns/podpatterns/pod/podtest"
	"github.com/podpatterns/podpatterns/pod/sandbox"
)

// burnVariable makes the test binary a child that uses CPU until its stdin ends.
const burnVariable = "PODPATTERNS_METRICS_TEST_BURN"

func TestMain(m *testing.M) {
	if os.Getenv(burnVariable) != "" {
		go burn()
		io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func burn() {
	for {
		runtime.Gosched()
	}
}

// child starts a child that uses CPU until the test ends.
func child(t testing.TB) *exec.Cmd {
	t.Helper()
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), burnVariable+"=1")
	stdin, err := c.StdinPipe()
	require.NoError(t, err)
	require.NoError(t, c.Start())
	t.Cleanup(func() {
		stdin.Close()
		c.Wait()
	})
	return c
}

func cpuSeconds(m processMeasure) float64 {
	return seconds(m.stat.userTicks) + seconds(m.stat.systemTicks)
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

// ownCPU is this process's CPU time by another way.
func ownCPU(t testing.TB) float64 {
	t.Helper()
	var u syscall.Rusage
	require.NoError(t, syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()).Seconds()
}

func TestOwnCPUTime(t *testing.T) {
	measure := func() float64 {
		t.Helper()
		before := ownCPU(t)
		m, err := machine.measureProcess(procSelf)
		require.NoError(t, err)
		after := ownCPU(t)
		const ticks = 0.03 // user and system time are each rounded to 10 ms
		require.InDelta(t, (before+after)/2, cpuSeconds(m), (after-before)/2+ticks)
		return cpuSeconds(m)
	}
	first, begun := measure(), ownCPU(t)
	for ownCPU(t) < begun+0.2 {
	}
	require.Greater(t, measure()-first, 0.1)
}

func TestOwnMemory(t *testing.T) {
	ballast := make([]byte, 64<<20)
	for i := 0; i < len(ballast); i += 4096 {
		ballast[i] = 1
	}
	status, err := machine.read("/proc/self/status")
	require.NoError(t, err)
	m, err := machine.measureProcess(procSelf)
	require.NoError(t, err)
	runtime.KeepAlive(ballast)
	_, after, _ := strings.Cut(string(status), "VmRSS:")
	var kib float64
	_, err = fmt.Sscanf(after, "%f kB", &kib)
	require.NoError(t, err)
	require.Greater(t, kib, float64(len(ballast)>>10))
	require.InEpsilon(t, kib*1024, m.memory.resident*machine.pageSize, 0.2)
	require.Greater(t, m.memory.virtual, m.memory.resident)
	require.WithinRange(t, time.Unix(m.booted, 0).Add(time.Duration(m.stat.startTicks)*10*time.Millisecond),
		time.Now().Add(-time.Hour), time.Now().Add(2*time.Second))
}

func TestChildOfAPod(t *testing.T) {
	c := child(t)
	ctx := running("web", pid(c.Process.Pid))
	last := 0.0
	until(t, func() bool {
		var b Batch
		require.NoError(t, Process{Container: "web"}.Collect(ctx, &b))
		total := 0.0
		for f, p := range b.All() {
			if f.Name == "process.cpu.time" {
				total += p.Value.Float64()
			}
		}
		require.GreaterOrEqual(t, total, last)
		last = total
		return total > 0.1
	})

	require.NoError(t, c.Process.Kill())
	var err error
	until(t, func() bool {
		err = Process{Container: "web"}.Collect(ctx, new(Batch))
		return err != nil
	})
	require.ErrorContains(t, err, "exited", "it is a zombie")
	c.Wait()
	require.ErrorIs(t, Process{Container: "web"}.Collect(ctx, new(Batch)), fs.ErrNotExist)
}

func TestDefaultSources(t *testing.T) {
	podtest.NoLeaks(t)
	s := start(t, &Exporter{}, nil)
	values := s.scrape()
	require.Equal(t, 1.0, values[`up{source="process"}`])
	require.Positive(t, values["process_memory_usage_bytes"])
	require.NoError(t, s.stop())

	pod := running("web", os.Getpid)
	s = start(t, &Exporter{Container: "web"}, sandbox.From(pod))
	values = s.scrape()
	require.Equal(t, 1.0, values[`up{source="process"}`])
	require.Positive(t, values[`process_memory_usage_bytes{container_name="web",scope="whole_process"}`])
	require.NoError(t, s.stop())
}

func TestOwnCgroup(t *testing.T) {
	text, err := collect(t, context.Background(), Cgroup{})
	if err != nil {
		require.ErrorIs(t, err, ErrNotAvailable)
		t.Skip(err)
	}
	require.Contains(t, text, "container_")
}
