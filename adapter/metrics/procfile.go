package metrics

import (
	"bytes"
	"fmt"
	"math"
	"strconv"
	"unicode"
)

// ticksPerSecond is USER_HZ, the unit of times in /proc. It is part of the
// kernel's ABI, and 100 on every architecture that Go has, whatever HZ is.
const ticksPerSecond = 100

func seconds(ticks int64) float64 { return float64(ticks) / ticksPerSecond }

// procStat is what is used of /proc/<pid>/stat (proc_pid_stat(5)).
type procStat struct {
	state                  byte
	userTicks, systemTicks int64
	threads                int64
	startTicks             int64 // since boot
}

// parseStat begins after the last parenthesis, because the command before it is
// what the process made it, parentheses, blanks and line ends included.
func parseStat(data []byte) (s procStat, err error) {
	const first = 3 // number of the field after the command, in the manual's count
	end := bytes.LastIndexByte(data, ')')
	fields := cut(data[end+1:])
	if end < 0 || len(fields.all) == 0 || !isLetter(fields.all[0]) {
		return s, fmt.Errorf("%.40q has no state after a command in parentheses", data)
	}
	s.state = fields.all[0][0]
	s.userTicks = fields.number(14-first, "utime")
	s.systemTicks = fields.number(15-first, "stime")
	s.threads = fields.number(20-first, "num_threads")
	s.startTicks = fields.number(22-first, "starttime")
	return s, fields.err
}

func isLetter(b []byte) bool { return len(b) == 1 && unicode.IsLetter(rune(b[0])) }

// procMemory is what is used of /proc/<pid>/statm (proc_pid_statm(5)), in pages.
type procMemory struct{ virtual, resident int64 }

func parseStatm(data []byte) (m procMemory, err error) {
	fields := cut(data)
	m.virtual = fields.number(0, "size")
	m.resident = fields.number(1, "resident")
	return m, fields.err
}

// parseBootTime finds btime in /proc/stat, in seconds since 1970.
func parseBootTime(data []byte) (int64, error) { return keyedNumber(data, "btime") }

// keyedNumber finds the line "key number" in files such as cpu.stat and memory.stat.
func keyedNumber(data []byte, key string) (int64, error) {
	prefix := []byte(key + " ")
	for line := range bytes.Lines(data) {
		if value, found := bytes.CutPrefix(line, prefix); found {
			return number(value, key)
		}
	}
	return 0, fmt.Errorf("no line %q in %.40q", key, data)
}

// number parses the one number in data. What is beyond an int64 is taken for the
// largest, which is how the kernel writes some limits.
func number(data []byte, name string) (int64, error) {
	v, err := strconv.ParseUint(string(bytes.TrimSpace(data)), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%s: %.40q is no number", name, data)
	}
	return int64(min(v, math.MaxInt64)), nil
}

// fields are what blanks separate on a line, and the first error in reading them.
type fields struct {
	all [][]byte
	err error
}

func cut(line []byte) fields { return fields{all: bytes.Fields(line)} }

func (f *fields) number(i int, name string) int64 {
	if f.err != nil {
		return 0
	}
	if i >= len(f.all) {
		f.err = fmt.Errorf("%s: no field %d in %.40q", name, i+1, bytes.Join(f.all, []byte{' '}))
		return 0
	}
	var v int64
	v, f.err = number(f.all[i], name)
	return v
}
