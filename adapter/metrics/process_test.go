package metrics

import (
	"context"
	"io/fs"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/podpatterns/podpatterns/pod/sandbox"
)

var procTree = tree{
	"/proc/stat":       "cpu  1 2 3\ncpu0 1 2 3\nintr 5 0\nbtime 1700000000\nprocesses 9\n",
	"/proc/self/stat":  statOf(1, "exporter", 100, 50, 8, 1000),
	"/proc/self/statm": "2441 400 200 10 0 90 0\n",
	"/proc/7/stat":     statOf(7, "a b) S (c\n) 1 2", 250, 33, 2, 12345),
	"/proc/7/statm":    "1000 256 200 10 0 90 0\n",
}

func TestProcess(t *testing.T) {
	sys := procTree.system(t)
	for name, c := range map[string]struct {
		source Process
		ctx    context.Context
		want   string
	}{
		"this one": {Process{sys: sys}, context.Background(), `
process_cpu_time_seconds_total{cpu_mode="system"} 0.5
process_cpu_time_seconds_total{cpu_mode="user"} 1
process_memory_usage_bytes 1638400
process_memory_virtual_bytes 9998336
process_start_time_seconds 1.70000001e+09
process_thread_count 8
`},
		"a pid": {Process{PID: 7, sys: sys}, context.Background(), `
process_cpu_time_seconds_total{cpu_mode="system",process_pid="7"} 0.33
process_cpu_time_seconds_total{cpu_mode="user",process_pid="7"} 2.5
process_memory_usage_bytes{process_pid="7"} 1048576
process_memory_virtual_bytes{process_pid="7"} 4096000
process_start_time_seconds{process_pid="7"} 1.70000012345e+09
process_thread_count{process_pid="7"} 2
`},
		"a command": {Process{Container: "web", sys: sys}, running("web", pid(7)), `
process_cpu_time_seconds_total{container_name="web",cpu_mode="system"} 0.33
process_cpu_time_seconds_total{container_name="web",cpu_mode="user"} 2.5
process_memory_usage_bytes{container_name="web"} 1048576
process_memory_virtual_bytes{container_name="web"} 4096000
process_start_time_seconds{container_name="web"} 1.70000012345e+09
process_thread_count{container_name="web"} 2
`},
		"a goroutine": {Process{Container: "web", sys: sys}, running("web", pid(1)), `
process_cpu_time_seconds_total{container_name="web",cpu_mode="system",scope="whole_process"} 0.5
process_cpu_time_seconds_total{container_name="web",cpu_mode="user",scope="whole_process"} 1
process_memory_usage_bytes{container_name="web",scope="whole_process"} 1638400
process_memory_virtual_bytes{container_name="web",scope="whole_process"} 9998336
process_start_time_seconds{container_name="web",scope="whole_process"} 1.70000001e+09
process_thread_count{container_name="web",scope="whole_process"} 8
`},
	} {
		got, err := collect(t, c.ctx, c.source)
		require.NoError(t, err, name)
		require.Equal(t, c.want[1:], got, name)
	}
}

func TestProcessNamesWhatItCantRead(t *testing.T) {
	stat := procTree["/proc/7/stat"]
	for _, c := range []struct{ name, content, want string }{
		{"/proc/7/stat", strings.Replace(stat, ") S 1 7", ") Z 1 7", 1), "state Z: it has exited"},
		{"/proc/7/stat", stat[:50], `utime: no field 12 in "S 1 7 7 0 -1 4194304 900 0 3`},
		{"/proc/7/stat", "7 web S 1", `"7 web S 1" has no state`},
		{"/proc/7/stat", "7 (web)\n", `"7 (web)\n" has no state`},
		{"/proc/7/stat", "", `"" has no state`},
		{"/proc/7/stat", strings.Replace(stat, " 250 ", " much ", 1), `utime: "much" is no number`},
		{"/proc/7/stat", strings.Repeat("x", maxFile+1), "longer than 4194304 bytes"},
		{"/proc/7/statm", "1000", `resident: no field 2 in "1000"`},
		{"/proc/7/statm", "1000 -4", `resident: "-4" is no number`},
		{"/proc/stat", "cpu 1\n", `no line "btime" in "cpu 1\n"`},
		{"/proc/stat", "btime x\n", `btime: "x\n" is no number`},
	} {
		sys := procTree.with(tree{c.name: c.content}).system(t)
		_, err := collect(t, running("web", pid(7)), Process{Container: "web", sys: sys})
		require.ErrorContains(t, err, c.name)
		require.ErrorContains(t, err, c.want)
		require.NotErrorIs(t, err, ErrNotAvailable)
	}
}

func TestProcessThatIsGone(t *testing.T) {
	for _, file := range []string{"/proc/7/stat", "/proc/7/statm"} { // the second: it went in between
		_, err := collect(t, running("web", pid(7)), Process{Container: "web", sys: procTree.except(file).system(t)})
		require.ErrorIs(t, err, fs.ErrNotExist)
		require.ErrorContains(t, err, file)
	}
}

func TestProcessOfNoContainer(t *testing.T) {
	for name, ctx := range map[string]context.Context{
		"outside a pod": context.Background(),
		"unknown":       running("other", pid(7)),
		"does not run":  running("web", pid(0)),
	} {
		_, err := collect(t, ctx, Process{Container: "web", sys: procTree.system(t)})
		require.ErrorIs(t, err, sandbox.ErrUnknown, name)
		_, err = collect(t, ctx, Cgroup{Container: "web", sys: procTree.system(t)})
		require.ErrorIs(t, err, sandbox.ErrUnknown, name)
		require.NotErrorIs(t, err, ErrNotAvailable, name)
	}
}

func TestOtherSystemsHaveNoProcess(t *testing.T) {
	for _, source := range []Source{Process{sys: &system{goos: "darwin"}}, Cgroup{sys: &system{goos: "darwin"}}} {
		_, err := collect(t, context.Background(), source)
		require.ErrorIs(t, err, ErrNotAvailable)
		require.ErrorContains(t, err, "darwin")
	}
}
