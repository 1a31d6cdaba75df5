package metrics

import (
	"context"
	"fmt"
	"os"
	"path"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestCgroupCountersThatFall(t *testing.T) {
	sys := groupV2("/cg").system(t)
	c := &Cgroup{Dir: "/cg", sys: sys}
	first := measured(t, context.Background(), c)
	_, start := total(first, "container.cpu.time")
	between := time.Now().UnixNano()
	measured(t, context.Background(), c)
	tree{"/cg/cpu.stat": "usage_usec 30\nuser_usec 10\nsystem_usec 20\nnr_periods 20\nnr_throttled 3\nthrottled_usec 4500\n"}.write(t, sys)
	for range 2 {
		all := measured(t, context.Background(), c)
		sum, again := total(all, "container.cpu.time")
		require.InDelta(t, 30e-6, sum, 1e-12)
		require.GreaterOrEqual(t, again, between, "the last time that it was higher")
		_, still := total(all, "container.cpu.cfs.periods")
		require.Equal(t, start, still)
	}
}

func TestCgroupOfAProcessThatMoves(t *testing.T) {
	sys := groupV2("/sys/fs/cgroup/a").with(groupV2("/sys/fs/cgroup/b")).with(tree{
		"/sys/fs/cgroup/b/cpu.stat": "usage_usec 3\nuser_usec 1\nsystem_usec 2\n", "/proc/7/stat": procTree["/proc/7/stat"],
		"/proc/self/cgroup": "0::/exporter\n", "/proc/self/mountinfo": mountV2, "/proc/7/cgroup": "0::/a\n", "/proc/7/mountinfo": mountV2,
	}).system(t)
	c := &Cgroup{PID: 7, sys: sys}
	sum, _ := total(measured(t, context.Background(), c), "container.cpu.time")
	require.Equal(t, 2.5, sum)
	tree{"/proc/7/cgroup": "0::/b\n"}.write(t, sys)
	sum, _ = total(measured(t, context.Background(), c), "container.cpu.time")
	require.Equal(t, 3e-6, sum)
}

// realGroup makes a control group of this machine, or skips.
func realGroup(t *testing.T, v2 bool, controller string) (dir string, renew func()) {
	t.Helper()
	mounts, err := parseFile(machine, procSelf+"/mountinfo", parseMounts)
	require.NoError(t, err)
	for _, m := range mounts {
		if m.v2 != v2 || !v2 && !m.has(controller) {
			continue
		}
		dir = path.Join(m.point, fmt.Sprintf("podpatterns-test-%d", os.Getpid()))
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Skipf("no control group can be made: %v", err)
		}
		remove := func() {
			until(t, func() bool { err := os.Remove(dir); return err == nil || os.IsNotExist(err) })
		}
		t.Cleanup(remove)
		return dir, func() { remove(); require.NoError(t, os.Mkdir(dir, 0o755)) }
	}
	t.Skip("no such control groups are mounted here")
	return "", nil
}

func enterGroup(t *testing.T, dir string, pid int) {
	t.Helper()
	require.NoError(t, os.WriteFile(dir+"/cgroup.procs", []byte(strconv.Itoa(pid)), 0))
}

func TestRealCgroupV2(t *testing.T) {
	dir, renew := realGroup(t, true, "")
	c := child(t, "burn")
	enterGroup(t, dir, c.Process.Pid)
	g := &Cgroup{Dir: dir}
	var sum float64
	var start int64
	until(t, func() bool {
		before := sum
		sum, start = total(measured(t, context.Background(), g), "container.cpu.time")
		require.GreaterOrEqual(t, sum, before)
		return sum > 0.1
	})
	require.WithinRange(t, time.Unix(0, start), time.Now().Add(-30*time.Second), time.Now())
	c.Process.Kill()
	c.Wait()
	renew()
	after, again := total(measured(t, context.Background(), g), "container.cpu.time")
	require.Zero(t, after, "it was made again")
	require.Greater(t, again, start)
	require.NoError(t, os.Remove(dir))
	require.ErrorIs(t, g.Collect(context.Background(), new(Batch)), ErrNotAvailable)
	require.NoError(t, os.Mkdir(dir, 0o755))
	measured(t, context.Background(), g)
}

func TestRealMemoryV1(t *testing.T) {
	dir, _ := realGroup(t, false, "memory")
	require.NoError(t, os.WriteFile(dir+"/memory.limit_in_bytes", []byte("67108864"), 0))
	c := child(t, "burn")
	enterGroup(t, dir, c.Process.Pid)
	text, err := collect(t, context.Background(), &Cgroup{Dir: dir})
	require.NoError(t, err)
	require.Contains(t, text, "container.memory.limit{cgroup_path=\""+dir+"\"} 67108864\n")
	for _, name := range []string{"container.memory.usage", "container.memory.rss", "container.memory.working_set", "container.memory.available", "container.oom_events"} {
		require.Contains(t, text, name+"{")
	}
	ofPID, err := collect(t, context.Background(), &Cgroup{PID: c.Process.Pid})
	require.NoError(t, err)
	require.Contains(t, ofPID, "container.memory.limit{process_pid=\""+strconv.Itoa(c.Process.Pid)+"\"} 67108864\n", "found by the process")
	require.False(t, strings.Contains(ofPID, "scope"))
	c.Process.Signal(syscall.SIGKILL)
	c.Wait()
}
