package metrics

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"syscall"
)

// Which file of the group is open where.
const (
	fileCPU = iota
	fileThrottled
	fileQuota
	filePeriod
	fileUsage
	fileMemoryStat
	fileLimit
	fileEvents
	fileDisk
	cgroupFiles
)

// cgroupValues are what a group has. A counter, or one of the values that follow
// them, counts only with its has.
type cgroupValues struct {
	counts [cgCounters]int64
	has    [cgCounters]bool

	cpus                          float64 // limit; 0: none
	usage, rss, inactive, limit   int64
	hasUsage, hasMemory, hasLimit bool
}

func (v *cgroupValues) any() bool {
	return v.has[cgUser] || v.has[cgTotal] || v.hasUsage || v.hasMemory
}

func (v *cgroupValues) set(i int, n int64) { v.counts[i], v.has[i] = n, true }

// measure gives the files of both versions one meaning: the working set is usage
// less inactive_file, rss is anonymous memory, groups below included. Times are
// in nanoseconds.
func (g *cgroup) measure() error {
	g.now = cgroupValues{}
	r := cgroupReader{g: g}
	r.cpu(&g.now, g.dirs.cpuTime, g.dirs.cpuLimit)
	r.memory(&g.now, g.dirs.memory)
	r.disk(&g.now, g.dirs.disk)
	if r.err == nil {
		g.starts.see(&g.now)
	}
	return r.err
}

// A cgroupReader keeps the first error, and reads nothing after it.
type cgroupReader struct {
	g    *cgroup
	last string // file that was read
	err  error
}

// read returns the content of a file of the group, if it has that file.
func (r *cgroupReader) read(f folder, file int, name string) ([]byte, bool) {
	if f.path == "" || r.err != nil {
		return nil, false
	}
	open := r.g.files[file]
	if open == nil {
		var err error
		if open, err = r.g.reader.open(f.path + "/" + name); err != nil {
			if !errors.Is(err, fs.ErrNotExist) {
				r.err = err
			}
			return nil, false
		}
		r.g.files[file] = open
	}
	r.last = open.path
	data, err := r.g.reader.read(open)
	if r.g.reader.sys.reopen {
		open.close()
		r.g.files[file] = nil
	}
	switch {
	case errors.Is(err, syscall.ENODEV):
		r.g.removed, r.err = true, err
	case errors.Is(err, syscall.EOPNOTSUPP): // so says io.stat and more where there is nothing to tell
	default:
		r.err = err
	}
	return data, err == nil
}

// keep returns v, which the last read file has, and notes the error with its name.
func keep[T any](r *cgroupReader, v T, err error) T {
	if err != nil && r.err == nil {
		r.err = fmt.Errorf("%s: %w", r.last, err)
	}
	return v
}

// line sets a counter from the line of a key, which has a unit of nanoseconds,
// if it is there.
func (r *cgroupReader) line(v *cgroupValues, i int, data []byte, key string, unit int64) {
	n, found, err := optionalNumber(data, key)
	keep(r, n, err)
	if found {
		v.set(i, n*unit)
	}
}

func (r *cgroupReader) cpu(v *cgroupValues, time, limit folder) {
	if time.v2 {
		if data, ok := r.read(time, fileCPU, "cpu.stat"); ok {
			total, err := keyedNumber(data, "usage_usec")
			keep(r, total, err)
			r.line(v, cgUser, data, "user_usec", 1e3)
			r.line(v, cgSystem, data, "system_usec", 1e3)
			if !v.has[cgUser] || !v.has[cgSystem] {
				v.set(cgTotal, total*1e3)
			}
			r.line(v, cgPeriods, data, "nr_periods", 1)
			r.line(v, cgThrottled, data, "nr_throttled", 1)
			r.line(v, cgThrottledTime, data, "throttled_usec", 1e3)
		}
	} else {
		r.cpuV1(v, time, limit)
	}
	if limit.v2 {
		if data, ok := r.read(limit, fileQuota, "cpu.max"); ok {
			cpus, err := parseCPUMax(data)
			v.cpus = keep(r, cpus, err)
		}
		return
	}
	quota := r.number(limit, fileQuota, "cpu.cfs_quota_us", parseQuota)
	if period := r.number(limit, filePeriod, "cpu.cfs_period_us", parseValue); quota > 0 && period > 0 {
		v.cpus = float64(quota) / float64(period)
	}
}

func (r *cgroupReader) cpuV1(v *cgroupValues, time, limit folder) {
	const tick = 1e9 / ticksPerSecond
	if data, ok := r.read(time, fileCPU, "cpuacct.stat"); ok {
		r.line(v, cgUser, data, "user", tick)
		r.line(v, cgSystem, data, "system", tick)
	} else if data, ok := r.read(time, fileCPU, "cpuacct.usage"); ok {
		n, err := parseValue(data)
		v.set(cgTotal, keep(r, n, err))
	}
	if data, ok := r.read(limit, fileThrottled, "cpu.stat"); ok && !limit.v2 {
		r.line(v, cgPeriods, data, "nr_periods", 1)
		r.line(v, cgThrottled, data, "nr_throttled", 1)
		r.line(v, cgThrottledTime, data, "throttled_time", 1)
	}
}

// number is that of a file that has nothing else, or 0.
func (r *cgroupReader) number(f folder, file int, name string, parse func([]byte) (int64, error)) int64 {
	data, ok := r.read(f, file, name)
	if !ok {
		return 0
	}
	n, err := parse(data)
	return keep(r, n, err)
}

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
	f := cut(data, 1)
	word := f.next()
	period := f.number("period")
	if f.err != nil || string(word) == "max" {
		return 0, f.err
	}
	quota, err := number(word, "quota")
	if err == nil && period == 0 {
		err = fmt.Errorf("period: 0 in %.40q", data)
	}
	if err != nil {
		return 0, err
	}
	return float64(quota) / float64(period), nil
}
