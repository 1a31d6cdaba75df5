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

// procStat is what is used of /proc/<pid>/stat (proc_pid_stat(5)). waited is of
// the children that have ended and were waited for, and of theirs.
type procStat struct {
	pid         int64
	command     string // at most 15 bytes
	state       byte
	parent      int64
	own, waited procTally
	threads     int64
	startTicks  int64 // since boot
}

// procTally are counters of a process. Times are in ticks.
type procTally struct{ user, system, minor, major int64 }

// parseStat looks for the last parenthesis, because the command before it is
// what the process made it, parentheses, blanks and line ends included. known is
// the command if it is still that.
func parseStat(data []byte, known string) (s procStat, err error) {
	begin, end := bytes.IndexByte(data, '('), bytes.LastIndexByte(data, ')')
	if begin < 0 || end < begin {
		return s, fmt.Errorf("%.40q has no state after a command in parentheses", data)
	}
	f := cut(data[end+1:], 3)
	state := f.next()
	if len(state) != 1 || !unicode.IsLetter(rune(state[0])) {
		return s, fmt.Errorf("%.40q has no state after a command in parentheses", data)
	}
	head := cut(data[:begin], 1)
	s.pid = head.number("pid")
	if s.command = known; string(data[begin+1:end]) != known {
		s.command = string(data[begin+1 : end])
	}
	s.state = state[0]
	s.parent = f.number("ppid")
	f.skip(10)
	s.own.minor = f.number("minflt")
	s.waited.minor = f.number("cminflt")
	s.own.major = f.number("majflt")
	s.waited.major = f.number("cmajflt")
	s.own.user = f.number("utime")
	s.own.system = f.number("stime")
	s.waited.user = f.number("cutime")
	s.waited.system = f.number("cstime")
	f.skip(20)
	s.threads = f.number("num_threads")
	f.skip(22)
	s.startTicks = f.number("starttime")
	if f.err != nil {
		return s, f.err
	}
	return s, head.err
}

// procMemory is what is used of /proc/<pid>/statm (proc_pid_statm(5)), in pages.
type procMemory struct{ virtual, resident int64 }

func parseStatm(data []byte) (m procMemory, err error) {
	f := cut(data, 1)
	m.virtual = f.number("size")
	m.resident = f.number("resident")
	return m, f.err
}

// procIO is what is used of /proc/<pid>/io (proc_pid_io(5)), in bytes.
type procIO struct{ read, written int64 }

func parseIO(data []byte) (io procIO, err error) {
	if io.read, err = keyedNumber(data, "read_bytes:"); err != nil {
		return io, err
	}
	io.written, err = keyedNumber(data, "write_bytes:")
	return io, err
}

// keyedNumber finds the line "key number" in files such as cpu.stat and memory.stat.
func keyedNumber(data []byte, key string) (int64, error) {
	v, found, err := optionalNumber(data, key)
	if !found && err == nil {
		err = fmt.Errorf("no line %q in %.40q", key, data)
	}
	return v, err
}

// optionalNumber is keyedNumber of a line that some kernels do not have.
func optionalNumber(data []byte, key string) (v int64, found bool, err error) {
	for rest := data; ; {
		i := bytes.Index(rest, []byte(key))
		if i < 0 {
			return 0, false, nil
		}
		after := rest[i+len(key):]
		if begins := i == 0 && len(rest) == len(data) || i > 0 && rest[i-1] == '\n'; begins && len(after) > 0 && after[0] == ' ' {
			line, _, _ := bytes.Cut(after[1:], []byte{'\n'})
			v, err = number(line, key)
			return v, err == nil, err
		}
		rest = rest[i+1:]
	}
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

// fields are what blanks separate on a line, counted from first as a manual
// does, and the first error in reading them.
type fields struct {
	line, rest []byte
	first      int // number of the next
	err        error
}

func cut(line []byte, first int) fields { return fields{line: line, rest: line, first: first} }

func (f *fields) next() []byte {
	f.rest = bytes.TrimLeft(f.rest, " \n\t")
	f.first++
	end := bytes.IndexAny(f.rest, " \n\t")
	if end < 0 {
		end = len(f.rest)
	}
	field := f.rest[:end]
	f.rest = f.rest[end:]
	return field
}

// skip leaves out all before field i.
func (f *fields) skip(i int) {
	for f.first < i {
		f.next()
	}
}

func (f *fields) number(name string) (v int64) {
	if f.err != nil {
		return 0
	}
	i := f.first
	field := f.next()
	if len(field) == 0 {
		f.err = fmt.Errorf("%s: no field %d in %.40q", name, i, bytes.TrimSpace(f.line))
		return 0
	}
	v, f.err = number(field, name)
	return v
}
