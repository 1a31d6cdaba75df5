package metrics

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCgroupOfAnother(t *testing.T) {
	const (
		own   = "/sys/fs/cgroup/exporter"
		other = "/sys/fs/cgroup/web"
	)
	apart := groupV2(own).with(groupV2(other)).with(tree{
		"/proc/self/cgroup": "0::/exporter\n", "/proc/self/mountinfo": mountV2,
		"/proc/7/cgroup": "0::/web\n", "/proc/7/mountinfo": mountV2, "/proc/7/stat": "",
	})
	// As in a pod whose containers share the process namespace and nothing else.
	outside := groupV2("/sys/fs/cgroup").with(groupV2("/proc/7/root/sys/fs/cgroup")).with(tree{
		"/proc/self/cgroup": "0::/\n", "/proc/self/mountinfo": mountV2,
		"/proc/7/cgroup": "0::/../web\n", "/proc/7/mountinfo": strings.Replace(mountV2, " / ", " /../web ", 1),
		"/proc/7/root/sys/fs/cgroup/memory.current": "700000\n",
	})
	for name, c := range map[string]struct {
		files  tree
		source *Cgroup
		pid    int
		want   string
	}{
		"a pid":                   {apart, &Cgroup{PID: 7}, 0, labelled(`process_pid="7"`)},
		"a container":             {apart, &Cgroup{Container: "web"}, 7, labelled(`container_name="web"`)},
		"a goroutine":             {apart, &Cgroup{Container: "web"}, 1, labelled(`container_name="web",scope="shared_cgroup"`)},
		"one in the same group":   {apart.with(tree{"/proc/7/cgroup": "0::/exporter\n"}), &Cgroup{Container: "web"}, 7, labelled(`container_name="web",scope="shared_cgroup"`)},
		"one in its own mounts":   {outside, &Cgroup{Container: "web"}, 7, strings.NewReplacer("usage{L} 1000000", "usage{L} 700000", "set{L} 600000", "set{L} 300000", "available{L} 3400000", "available{L} 3700000").Replace(strings.ReplaceAll(labelled(`container_name="web"`), `{container_name="web"}`, "{L}"))},
		"a folder of version 2":   {apart, &Cgroup{Dir: other + "/"}, 0, labelled(`cgroup_path="/sys/fs/cgroup/web"`)},
		"a folder of version 1":   {groupV1("/cg", "/cg"), &Cgroup{Dir: "/cg"}, 0, labelled(`cgroup_path="/cg"`)},
		"a folder with CPUs only": {groupV1("/cg", "/elsewhere"), &Cgroup{Dir: "/cg"}, 0, without(labelled(`cgroup_path="/cg"`), ".memory.", ".oom", ".disk.")},
	} {
		c.source.sys = c.files.system(t)
		got, err := collect(t, running("web", pid(c.pid)), c.source)
		require.NoError(t, err, name)
		require.Equal(t, strings.ReplaceAll(c.want, "{L}", `{container_name="web"}`), got, name)
	}

	// One that is gone is down, and not without a group.
	_, err := collect(t, running("web", pid(8)), &Cgroup{Container: "web", sys: apart.system(t)})
	require.ErrorContains(t, err, "/proc/8/cgroup")
	require.NotErrorIs(t, err, ErrNotAvailable)

	for _, dir := range []string{"/no/such", "/proc/7", "/"} {
		_, err := collect(t, context.Background(), &Cgroup{Dir: dir, sys: apart.system(t)})
		require.ErrorIs(t, err, ErrNotAvailable, dir)
		require.ErrorContains(t, err, "cgroup: "+dir)
	}
}

func TestRelative(t *testing.T) {
	for _, c := range []struct {
		base, target, rel string
		inside            bool
	}{
		{"/", "/", "/", true},
		{"/", "/a", "/a", true},
		{"/a", "/a", "", true},
		{"/a", "/a/b", "/b", true},
		{"/..", "/../b", "/b", true},
		{"/", "/..", "", false},
		{"/", "/../b", "", false},
		{"/", "/..b", "/..b", true},
		{"/a", "/ab", "", false},
		{"/a/b", "/a", "", false},
	} {
		rel, inside := relative(c.base, c.target)
		require.Equal(t, c.inside, inside, c)
		if inside {
			require.Equal(t, c.rel, rel, c)
		}
	}
}

func FuzzParseCgroups(f *testing.F) {
	f.Add([]byte(groupsV1 + "0::/web\n"))
	f.Add([]byte("0::/a (deleted)\n1:a:b"))
	f.Fuzz(func(t *testing.T, data []byte) {
		groups, err := parseCgroups(data)
		if err != nil {
			require.Nil(t, groups)
		}
		for _, g := range groups {
			require.True(t, strings.HasPrefix(g.path, "/"))
			require.Equal(t, g.v2(), !g.has("") && len(g.controllers) == 0)
		}
	})
}

func FuzzParseMounts(f *testing.F) {
	f.Add([]byte(mountV2+mountsV1), "/a b", "/c\\d")
	f.Add([]byte(" - cgroup - cgroup\n"), "/\\", "/\\777")
	escape := strings.NewReplacer(" ", `\040`, "\n", `\012`, "\t", `\011`, `\`, `\134`)
	f.Fuzz(func(t *testing.T, data []byte, root, point string) {
		parseMounts(data)
		line := "30 23 0:26 /" + escape.Replace(root) + " /" + escape.Replace(point) + " rw master:1 - cgroup cgroup rw,cpu\n"
		mounts, err := parseMounts([]byte(line))
		require.NoError(t, err)
		require.Equal(t, []cgroupMount{{"/" + root, "/" + point, false, []string{"rw", "cpu"}}}, mounts)
	})
}

func FuzzCgroupFiles(f *testing.F) {
	for _, files := range []tree{groupV2("/a"), groupV1("/a", "/b")} {
		for _, content := range files {
			f.Add([]byte(content))
		}
	}
	f.Add([]byte("0 0"))
	f.Add([]byte("18446744073709551615 1"))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, parse := range []func([]byte) (int64, error){parseValue, parseLimit, parseQuota} {
			v, err := parse(data)
			require.GreaterOrEqual(t, v, int64(0))
			require.True(t, err == nil || v == 0)
		}
		for _, parse := range []func([]byte) (procIO, error){parseIOStat, parseServiceBytes} {
			if io, err := parse(data); err == nil && len(data) < 100 {
				require.GreaterOrEqual(t, min(io.read, io.written), int64(0))
			}
		}
		cpus, err := parseCPUMax(data)
		require.True(t, cpus >= 0 && cpus <= 1<<63, "%v", cpus)
		require.True(t, err == nil || cpus == 0)
	})
}
