package metrics

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// A cgroupEntry is a line of /proc/<pid>/cgroup (cgroups(7)).
type cgroupEntry struct {
	controllers []string // nil for version 2
	path        string
}

func (e cgroupEntry) v2() bool { return e.controllers == nil }

func (e cgroupEntry) has(controller string) bool { return slices.Contains(e.controllers, controller) }

func parseCgroups(data []byte) (groups []cgroupEntry, err error) {
	for line := range strings.Lines(string(data)) {
		_, rest, ok := strings.Cut(strings.TrimSuffix(line, "\n"), ":")
		controllers, dir, ok2 := strings.Cut(rest, ":")
		if !ok || !ok2 || !strings.HasPrefix(dir, "/") {
			return nil, fmt.Errorf("%.80q is no line ID:CONTROLLERS:/PATH", line)
		}
		e := cgroupEntry{path: dir}
		if controllers != "" {
			e.controllers = strings.Split(controllers, ",")
		}
		groups = append(groups, e)
	}
	return groups, nil
}

// A cgroupMount is a line of /proc/<pid>/mountinfo (proc_pid_mountinfo(5)).
type cgroupMount struct {
	root, point string
	v2          bool
	options     []string // of the file system, version 1's controllers among them
}

func (m cgroupMount) has(controller string) bool { return slices.Contains(m.options, controller) }

// parseMounts returns the mounts of control groups.
func parseMounts(data []byte) (mounts []cgroupMount, err error) {
	for line := range bytes.Lines(data) {
		if !bytes.Contains(line, []byte(" - cgroup")) { // most are not
			continue
		}
		before, after, _ := strings.Cut(string(bytes.TrimSuffix(line, []byte{'\n'})), " - ")
		mount, system := strings.Split(before, " "), strings.Split(after, " ")
		if len(mount) < 6 || len(system) < 3 || !strings.HasPrefix(mount[3], "/") || !strings.HasPrefix(mount[4], "/") {
			return nil, fmt.Errorf("%.80q is no mount", line)
		}
		if system[0] != "cgroup" && system[0] != "cgroup2" {
			continue
		}
		mounts = append(mounts, cgroupMount{
			root:    unescape(mount[3]),
			point:   unescape(mount[4]),
			v2:      system[0] == "cgroup2",
			options: strings.Split(system[2], ","),
		})
	}
	return mounts, nil
}

// unescape replaces what the kernel writes for blanks and backslashes: \040.
func unescape(s string) string {
	var b strings.Builder
	for {
		before, after, found := strings.Cut(s, `\`)
		b.WriteString(before)
		if !found {
			return b.String()
		}
		if s = after; len(s) >= 3 {
			if c, err := strconv.ParseUint(s[:3], 8, 8); err == nil {
				b.WriteByte(byte(c))
				s = s[3:]
				continue
			}
		}
		b.WriteByte('\\')
	}
}
