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
	"/proc/self/stat":  statOf(1, "exporter", 100, 50, 8, 1000),
	"/proc/self/statm": "2441 400 200 10 0 90 0\n",
	"/proc/7/stat":     statOf(7, "a b) S (c\n) 1 2", 250, 33, 2, 12345),
	"/proc/7/statm":    "1000 256 200 10 0 90 0\n",
	"/proc/7/io":       "rchar: 6976\nwchar: 1\nsyscr: 10\nsyscw: 0\nread_bytes: 8192\nwrite_bytes: 512\ncancelled_write_bytes: 9\n",
	"/proc/7/fd/0":     "",
	"/proc/7/fd/1":     "",
	"/proc/7/fd/2":     "",
}

const seven = `
process.cpu.time{cpu_mode="system"} 0.33
process.cpu.time{cpu_mode="user"} 2.5
process.disk.io{disk_io_direction="read"} 8192
process.disk.io{disk_io_direction="write"} 512
process.memory.usage 1048576
process.memory.virtual 4096000
process.paging.faults{system_paging_fault_type="major"} 3
process.paging.faults{system_paging_fault_type="minor"} 900
process.start_time 1700000123.45
process.thread.count 2
process.unix.file_descriptor.count 3
`

func TestProcess(t *testing.T) {
	sys := procTree.system(t)
	for name, c := range map[string]struct {
		source *Process
		ctx    context.Context
		labels string
		want   string
	}{
		"this one": {&Process{sys: sys}, context.Background(), "", `
process.cpu.time{cpu_mode="system"} 0.5
process.cpu.time{cpu_mode="user"} 1
process.memory.usage 1638400
process.memory.virtual 9998336
process.paging.faults{system_paging_fault_type="major"} 3
process.paging.faults{system_paging_fault_type="minor"} 900
process.start_time 1700000010
process.thread.count 8
`},
		"a pid":     {&Process{PID: 7, sys: sys}, context.Background(), `process_pid="7"`, seven},
		"a command": {&Process{Container: "web", sys: sys}, running("web", pid(7)), `container_name="web"`, seven},
		"a goroutine": {&Process{Container: "self", sys: sys}, running("self", pid(1)), `container_name="self",scope="whole_process"`, `
process.cpu.time{cpu_mode="system"} 0.5
process.cpu.time{cpu_mode="user"} 1
process.memory.usage 1638400
process.memory.virtual 9998336
process.paging.faults{system_paging_fault_type="major"} 3
process.paging.faults{system_paging_fault_type="minor"} 900
process.start_time 1700000010
process.thread.count 8
`},
	} {
		got, err := collect(t, c.ctx, c.source)
		require.NoError(t, err, name)
		require.Equal(t, relabelled(c.want[1:], c.labels), got, name)
	}
}

func TestProcessNamesWhatItCantRead(t *testing.T) {
	stat := procTree["/proc/7/stat"]
	for _, c := range []struct{ name, content, want string }{
		{"/proc/7/stat", strings.Replace(stat, ") S 1 7", ") Z 1 7", 1), "state Z: it has exited"},
		{"/proc/7/stat", stat[:50], `cmajflt: no field 13 in "S 1 7 7 0 -1 4194304 900 70 3"`},
		{"/proc/7/stat", "7 web S 1", `"7 web S 1" has no state`},
		{"/proc/7/stat", "7 (web)\n", `"7 (web)\n" has no state`},
		{"/proc/7/stat", "", `"" has no state`},
		{"/proc/7/stat", strings.Replace(stat, " 250 ", " much ", 1), `utime: "much" is no number`},
		{"/proc/7/stat", strings.Repeat("x", maxFile+1), "longer than 4194304 bytes"},
		{"/proc/7/statm", "1000", `resident: no field 2 in "1000"`},
		{"/proc/7/statm", "1000 -4", `resident: "-4" is no number`},
		{"/proc/7/io", "read_bytes: 1", `no line "write_bytes:" in "read_bytes: 1"`},
	} {
		sys := procTree.with(tree{c.name: c.content}).system(t)
		_, err := collect(t, running("web", pid(7)), &Process{Container: "web", sys: sys})
		require.ErrorContains(t, err, c.name)
		require.ErrorContains(t, err, c.want)
		require.NotErrorIs(t, err, ErrNotAvailable)
	}
}

func TestProcessThatIsGone(t *testing.T) {
	for _, file := range []string{"/proc/7/stat", "/proc/7/statm"} { // the second: it went in between
		_, err := collect(t, running("web", pid(7)), &Process{Container: "web", sys: procTree.except(file).system(t)})
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
		_, err := collect(t, ctx, &Process{Container: "web", sys: procTree.system(t)})
		require.ErrorIs(t, err, sandbox.ErrUnknown, name)
		_, err = collect(t, ctx, &Cgroup{Container: "web", sys: procTree.system(t)})
		require.ErrorIs(t, err, sandbox.ErrUnknown, name)
		require.NotErrorIs(t, err, ErrNotAvailable, name)
	}
}

func TestOtherSystemsHaveNoProcess(t *testing.T) {
	for _, source := range []Source{&Process{sys: &system{goos: "darwin"}}, &Cgroup{sys: &system{goos: "darwin"}}} {
		_, err := collect(t, context.Background(), source)
		require.ErrorIs(t, err, ErrNotAvailable)
		require.ErrorContains(t, err, "darwin")
	}
}
