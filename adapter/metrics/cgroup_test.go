package metrics

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// groupV2 is a folder of version 2 that has everything.
func groupV2(dir string) tree {
	return tree{
		dir + "/cgroup.type":        "domain\n",
		dir + "/cgroup.controllers": "cpu memory\n",
		dir + "/cpu.stat":           "usage_usec 2500000\nuser_usec 2000000\nsystem_usec 500000\nnr_periods 20\nnr_throttled 3\nthrottled_usec 4500\n",
		dir + "/cpu.max":            "150000 100000\n",
		dir + "/memory.current":     "1000000\n",
		dir + "/memory.max":         "4000000\n",
		dir + "/memory.stat":        "anon 300000\nfile 700000\nkernel 9\ninactive_anon 5\ninactive_file 400000\npgfault 1007\npgmajfault 7\n",
		dir + "/memory.events":      "low 0\nhigh 0\nmax 5\noom 2\noom_kill 1\noom_group_kill 0\n",
		dir + "/io.stat":            "8:0 rbytes=4096 wbytes=512 rios=1 wios=1 dbytes=0 dios=0\n8:16 \n252:0 rbytes=1 wbytes=2 rios=1 wios=1\n",
	}
}

// groupV1 is the same of version 1, in a folder for each controller.
func groupV1(cpu, memory string) tree {
	return tree{
		cpu + "/cpuacct.usage":                                "2500000000\n",
		cpu + "/cpuacct.stat":                                 "user 200\nsystem 50\n",
		cpu + "/cpu.stat":                                     "nr_periods 20\nnr_throttled 3\nthrottled_time 4500000\n",
		cpu + "/cpu.cfs_quota_us":                             "150000\n",
		cpu + "/cpu.cfs_period_us":                            "100000\n",
		memory + "/memory.usage_in_bytes":                     "1000000\n",
		memory + "/memory.limit_in_bytes":                     "4000000\n",
		memory + "/memory.stat":                               "cache 1\nrss 2\ninactive_file 3\ntotal_cache 700000\ntotal_rss 300000\ntotal_inactive_file 400000\ntotal_pgfault 1007\ntotal_pgmajfault 7\n",
		memory + "/memory.oom_control":                        "oom_kill_disable 0\nunder_oom 0\noom_kill 1\n",
		memory + "/blkio.throttle.io_service_bytes_recursive": "8:0 Read 4096\n8:0 Write 512\n8:0 Sync 4608\n8:0 Total 4608\n252:0 Read 1\n252:0 Write 2\nTotal 4611\n",
	}
}

const everything = `
container.cpu.cfs.periods 20
container.cpu.cfs.throttled_periods 3
container.cpu.cfs.throttled 0.0045
container.cpu.limit 1.5
container.cpu.time{cpu_mode="system"} 0.5
container.cpu.time{cpu_mode="user"} 2
container.disk.io{disk_io_direction="read"} 4097
container.disk.io{disk_io_direction="write"} 514
container.memory.available 3400000
container.memory.limit 4000000
container.memory.paging.faults{system_paging_fault_type="major"} 7
container.memory.paging.faults{system_paging_fault_type="minor"} 1000
container.memory.rss 300000
container.memory.usage 1000000
container.memory.working_set 600000
container.oom_events 1
`

// labelled is everything with these labels more.
func labelled(labels string) string { return relabelled(everything[1:], labels) }

func relabelled(text, labels string) string {
	var all []string
	for line := range strings.Lines(text) {
		series, value, _ := strings.Cut(line, " ")
		name, own, _ := strings.Cut(strings.TrimSuffix(series, "}"), "{")
		both := slices.DeleteFunc(strings.Split(own+","+labels, ","), func(l string) bool { return l == "" })
		if slices.Sort(both); len(both) > 0 {
			name += "{" + strings.Join(both, ",") + "}"
		}
		all = append(all, name+" "+value)
	}
	slices.Sort(all)
	return strings.Join(all, "")
}

// without returns the lines of text that contain none of words.
func without(text string, words ...string) string {
	var kept strings.Builder
lines:
	for line := range strings.Lines(text) {
		for _, word := range words {
			if strings.Contains(line, word) {
				continue lines
			}
		}
		kept.WriteString(line)
	}
	return kept.String()
}

const (
	mountV2  = "30 23 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n"
	mountsV1 = "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n" +
		"31 30 0:27 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,name=systemd\n" +
		"32 30 0:28 / /sys/fs/cgroup/cpu,cpuacct rw shared:9 - cgroup cgroup rw,cpu,cpuacct\n" +
		"33 30 0:29 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory,blkio\n"
	groupsV1 = "9:name=systemd:/init\n4:memory,blkio:/web\n3:cpu,cpuacct:/web\n"
	cpuV1    = "/sys/fs/cgroup/cpu,cpuacct"
	memoryV1 = "/sys/fs/cgroup/memory"
)

func TestCgroupIsFound(t *testing.T) {
	for name, c := range map[string]struct {
		groups, mounts string // of this process
		files          tree
		want           string
	}{
		"version 2":                             {"0::/pods/web\n", mountV2, groupV2("/sys/fs/cgroup/pods/web"), labelled("")},
		"version 2 in a namespace":              {"0::/\n", mountV2, groupV2("/sys/fs/cgroup"), labelled("")},
		"version 2, mount point with a blank":   {"0::/a b\n", strings.Replace(mountV2, "/sys/fs/cgroup", `/c\040g`, 1), groupV2("/c g/a b"), labelled("")},
		"version 2, mounted deeper":             {"0::/pods/web/a\n", strings.Replace(mountV2, " / ", " /pods/web ", 1), groupV2("/sys/fs/cgroup/a"), labelled("")},
		"version 2, second mount":               {"0::/web\n", strings.Replace(mountV2, " / ", " /pods ", 1) + strings.Replace(mountV2, "/sys/fs/cgroup", "/cg", 1), groupV2("/cg/web"), labelled("")},
		"version 1":                             {groupsV1, mountsV1, groupV1(cpuV1+"/web", memoryV1+"/web"), labelled("")},
		"version 1, mounted into the container": {groupsV1, strings.ReplaceAll(mountsV1, " / ", " /web "), groupV1(cpuV1, memoryV1), labelled("")},
		"hybrid, all in version 1": {groupsV1 + "0::/web\n", mountV2 + mountsV1, groupV1(cpuV1+"/web", memoryV1+"/web").with(groupV2("/sys/fs/cgroup/web")).with(tree{
			"/sys/fs/cgroup/web/cpu.stat": "usage_usec 1\n", "/sys/fs/cgroup/web/memory.current": "1\n"}), labelled("")},
		"hybrid, memory in version 2": {"0::/web\n3:cpu,cpuacct:/web\n", mountV2 + mountsV1,
			groupV2("/sys/fs/cgroup/web").with(groupV1(cpuV1+"/web", "/elsewhere")), labelled("")},
		"the machine's root for CPU": {"4:memory,blkio:/web\n3:cpu,cpuacct:/\n", mountsV1,
			groupV1(cpuV1, memoryV1+"/web").with(tree{cpuV1 + "/cgroup.sane_behavior": "0\n"}), without(labelled(""), ".cpu.")},
		"memory is not mounted": {groupsV1, without(mountsV1, "rw,memory"), groupV1(cpuV1+"/web", memoryV1+"/web"), without(labelled(""), ".memory.", ".oom", ".disk.")},
		"no memory controller":  {"0::/web\n", mountV2, groupV2("/sys/fs/cgroup/web").except("memory."), without(labelled(""), ".memory.", ".oom")},
		"no CPU controller":     {"0::/web\n", mountV2, groupV2("/sys/fs/cgroup/web").except("cpu.max"), without(labelled(""), "cpu.limit")},
		"no limits in version 2": {"0::/web\n", mountV2, groupV2("/sys/fs/cgroup/web").with(tree{
			"/sys/fs/cgroup/web/cpu.max": "max 100000\n", "/sys/fs/cgroup/web/memory.max": "max\n"}), without(labelled(""), "limit", "available")},
		"no limits in version 1": {groupsV1, mountsV1, groupV1(cpuV1+"/web", memoryV1+"/web").with(tree{
			cpuV1 + "/web/cpu.cfs_quota_us": "-1\n", memoryV1 + "/web/memory.limit_in_bytes": "9223372036854771712\n"}), without(labelled(""), "limit", "available")},
		"more page cache than usage, and over the limit": {"0::/web\n", mountV2, groupV2("/sys/fs/cgroup/web").with(tree{
			"/sys/fs/cgroup/web/memory.max":  "1\n",
			"/sys/fs/cgroup/web/memory.stat": "anon 300000\ninactive_file 2000000\npgfault 1007\npgmajfault 7\n"}),
			strings.NewReplacer("available 3400000", "available 1", "limit 4000000", "limit 1", "working_set 600000", "working_set 0").Replace(labelled(""))},
	} {
		sys := c.files.with(tree{"/proc/self/cgroup": c.groups, "/proc/self/mountinfo": c.mounts}).system(t)
		got, err := collect(t, context.Background(), &Cgroup{sys: sys})
		require.NoError(t, err, name)
		require.Equal(t, c.want, got, name)
	}
}

func TestCgroupIsNotThere(t *testing.T) {
	for name, files := range map[string]tree{
		"no cgroups in the kernel": {"/proc/self/stat": "1", "/proc/self/mountinfo": ""},
		"in no group":              {"/proc/self/cgroup": "", "/proc/self/mountinfo": mountV2},
		"the machine's root":       groupV2("/sys/fs/cgroup").except("cgroup.type").with(tree{"/proc/self/cgroup": "0::/\n", "/proc/self/mountinfo": mountV2}),
		"not mounted":              groupV2("/sys/fs/cgroup/web").with(tree{"/proc/self/cgroup": "0::/web\n", "/proc/self/mountinfo": "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n"}),
		"outside the namespace":    groupV2("/sys/fs/cgroup").with(tree{"/proc/self/cgroup": "0::/../web\n", "/proc/self/mountinfo": mountV2}),
		"a neighbour's mount":      groupV2("/sys/fs/cgroup/2").with(tree{"/proc/self/cgroup": "0::/web2\n", "/proc/self/mountinfo": strings.Replace(mountV2, " / ", " /web ", 1)}),
		"removed":                  groupV2("/sys/fs/cgroup/web").with(tree{"/proc/self/cgroup": "0::/web (deleted)\n", "/proc/self/mountinfo": mountV2}),
		"no folder":                {"/proc/self/cgroup": "0::/web\n", "/proc/self/mountinfo": mountV2},
		"an empty folder":          {"/proc/self/cgroup": "0::/web\n", "/proc/self/mountinfo": mountV2, "/sys/fs/cgroup/web/cgroup.type": "domain\n"},
	} {
		_, err := collect(t, context.Background(), &Cgroup{sys: files.system(t)})
		require.ErrorIs(t, err, ErrNotAvailable, name)
	}
}

func TestCgroupNamesWhatItCantRead(t *testing.T) {
	whole := groupV2("/sys/fs/cgroup/web").with(groupV1(cpuV1+"/web", memoryV1+"/web")).
		with(tree{"/proc/self/cgroup": "0::/web\n", "/proc/self/mountinfo": mountV2 + mountsV1})
	v1 := whole.with(tree{"/proc/self/cgroup": groupsV1})
	for _, c := range []struct {
		files         tree
		name, content string
		want          string
	}{
		{whole, "/proc/self/cgroup", "0:\n", `"0:\n"`},
		{whole, "/proc/self/cgroup", "0::web\n", `"0::web\n"`},
		{whole, "/proc/self/mountinfo", "30 23 0:26 / - cgroup2 cgroup2 rw\n", `"30 23 0:26 / - cgroup2`},
		{whole, "/proc/self/mountinfo", "30 23 0:26 / /sys/fs/cgroup rw - cgroup2", "is no mount"},
		{whole, "/sys/fs/cgroup/web/cpu.stat", "user_usec 1\n", `no line "usage_usec" in "user_usec 1\n"`},
		{whole, "/sys/fs/cgroup/web/cpu.stat", "usage_usec", `no line "usage_usec" in "usage_usec"`},
		{whole, "/sys/fs/cgroup/web/cpu.max", "max\n", `period: no field 2 in "max"`},
		{whole, "/sys/fs/cgroup/web/cpu.max", "much 100000\n", `quota: "much" is no number`},
		{whole, "/sys/fs/cgroup/web/cpu.max", "1 0\n", `period: 0 in "1 0\n"`},
		{whole, "/sys/fs/cgroup/web/cpu.max", "1 -5\n", `period: "-5" is no number`},
		{whole, "/sys/fs/cgroup/web/memory.current", "\n", `"\n" is no number`},
		{whole, "/sys/fs/cgroup/web/memory.current", "max\n", `"max\n" is no number`},
		{whole, "/sys/fs/cgroup/web/memory.max", "maximum\n", `"maximum\n" is no number`},
		{whole, "/sys/fs/cgroup/web/memory.stat", "anon 1\n", `no line "inactive_file" in "anon 1\n"`},
		{whole, "/sys/fs/cgroup/web/memory.stat", "anon one\ninactive_file 1\n", `anon: "one" is no number`},
		{v1, cpuV1 + "/web/cpuacct.stat", "user -1\n", `"-1" is no number`},
		{whole, "/sys/fs/cgroup/web/cpu.stat", "usage_usec 1\nnr_periods x\n", `nr_periods: "x" is no number`},
		{whole, "/sys/fs/cgroup/web/memory.events", "oom_kill -\n", `oom_kill: "-" is no number`},
		{whole, "/sys/fs/cgroup/web/io.stat", "8:0 rbytes=x\n", `"x" is no number of bytes`},
		{v1, cpuV1 + "/web/cpu.stat", "nr_throttled x\n", `nr_throttled: "x" is no number`},
		{v1, memoryV1 + "/web/blkio.throttle.io_service_bytes_recursive", "8:0 Write\n", `"" is no number of bytes`},
		{v1, cpuV1 + "/web/cpu.cfs_quota_us", "-2\n", `"-2\n" is no number`},
		{v1, cpuV1 + "/web/cpu.cfs_period_us", "x\n", `"x\n" is no number`},
		{v1, memoryV1 + "/web/memory.limit_in_bytes", "max 1\n", `"max 1\n" is no number`},
		{v1, memoryV1 + "/web/memory.stat", "rss 1\n", `no line "total_rss" in "rss 1\n"`},
	} {
		_, err := collect(t, context.Background(), &Cgroup{sys: c.files.with(tree{c.name: c.content}).system(t)})
		require.ErrorContains(t, err, c.name+": ")
		require.ErrorContains(t, err, c.want)
		require.NotErrorIs(t, err, ErrNotAvailable)
	}
}
