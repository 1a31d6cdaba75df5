package metrics

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
)

// measureCgroup calls add with each value that the group has. It gives the files
// of both versions one meaning: the working set is usage less inactive_file, rss
// is anonymous memory, groups below included.
func (s *system) measureCgroup(d cgroupDirs, add func(Family, Number)) error {
	r := &cgroupReader{sys: s}
	if seconds, ok := r.cpuTime(d.cpuTime); ok {
		add(cgroupCPUTime, Float(seconds))
	}
	if cpus, ok := r.cpuLimit(d.cpuLimit); ok {
		add(cgroupCPULimit, Float(cpus))
	}
	files := memoryFilesV1
	if d.memory.v2 {
		files = memoryFilesV2
	}
	usage, hasUsage := readCgroup(r, d.memory, files.usage, parseValue)
	if hasUsage {
		add(cgroupUsage, Int(usage))
	}
	stat, hasStat := readCgroup(r, d.memory, "memory.stat", files.parseStat)
	if hasStat {
		add(cgroupRSS, Int(stat.anon))
	}
	limit, limited := readCgroup(r, d.memory, files.limit, parseLimit)
	limited = limited && limit < noLimit
	if limited {
		add(cgroupLimit, Int(limit))
	}
	if hasUsage && hasStat {
		workingSet := max(0, usage-stat.inactiveFile)
		add(cgroupWorkingSet, Int(workingSet))
		if limited {
			add(cgroupAvailable, Int(max(0, limit-workingSet)))
		}
	}
	return r.err
}

// memoryFiles are the names of files, and of lines in memory.stat.
type memoryFiles struct{ usage, limit, anon, inactiveFile string }

var (
	memoryFilesV1 = memoryFiles{"memory.usage_in_bytes", "memory.limit_in_bytes", "total_rss", "total_inactive_file"}
	memoryFilesV2 = memoryFiles{"memory.current", "memory.max", "anon", "inactive_file"}
)

type memoryStat struct{ anon, inactiveFile int64 }

func (f memoryFiles) parseStat(data []byte) (m memoryStat, err error) {
	if m.anon, err = keyedNumber(data, f.anon); err != nil {
		return m, err
	}
	m.inactiveFile, err = keyedNumber(data, f.inactiveFile)
	return m, err
}

// A cgroupReader keeps the first error, and reads nothing after it.
type cgroupReader struct {
	sys *system
	err error
}

// readCgroup returns what parse makes of a file of the group, if it has that file.
func readCgroup[T any](r *cgroupReader, f folder, name string, parse func([]byte) (T, error)) (v T, ok bool) {
	if f.path == "" || r.err != nil {
		return v, false
	}
	v, err := parseFile(r.sys, f.path+"/"+name, parse)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		r.err = err
	}
	return v, err == nil
}

func (r *cgroupReader) cpuTime(f folder) (seconds float64, ok bool) {
	if f.v2 {
		us, ok := readCgroup(r, f, "cpu.stat", parseUsage)
		return float64(us) / 1e6, ok
	}
	ns, ok := readCgroup(r, f, "cpuacct.usage", parseValue)
	return float64(ns) / 1e9, ok
}

func (r *cgroupReader) cpuLimit(f folder) (cpus float64, ok bool) {
	if f.v2 {
		cpus, _ = readCgroup(r, f, "cpu.max", parseCPUMax)
		return cpus, cpus > 0
	}
	quota, _ := readCgroup(r, f, "cpu.cfs_quota_us", parseQuota)
	period, _ := readCgroup(r, f, "cpu.cfs_period_us", parseValue)
	return float64(quota) / float64(period), quota > 0 && period > 0
}

func parseUsage(data []byte) (int64, error) { return keyedNumber(data, "usage_usec") }

func parseValue(data []byte) (int64, error) { return number(data, "value") }

// noLimit and more is no limit: version 1 writes a number just below 2^63 for it.
const noLimit = 1 << 60

func parseLimit(data []byte) (int64, error) {
	if string(bytes.TrimSpace(data)) == "max" {
		return noLimit, nil
	}
	return parseValue(data)
}

// parseQuota reads version 1's quota, -1 for no limit, which becomes 0.
func parseQuota(data []byte) (int64, error) {
	if string(bytes.TrimSpace(data)) == "-1" {
		return 0, nil
	}
	return parseValue(data)
}

// parseCPUMax reads version 2's "quota period" or "max period" as CPUs, 0 for no limit.
func parseCPUMax(data []byte) (cpus float64, err error) {
	fields := cut(data)
	period := fields.number(1, "period")
	if fields.err != nil || string(fields.all[0]) == "max" {
		return 0, fields.err
	}
	quota := fields.number(0, "quota")
	if fields.err == nil && period == 0 {
		fields.err = fmt.Errorf("period: 0 in %.40q", data)
	}
	if fields.err != nil {
		return 0, fields.err
	}
	return float64(quota) / float64(period), nil
}
