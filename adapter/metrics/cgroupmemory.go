package metrics

import (
	"bytes"
	"fmt"
	"strconv"
)

// memoryFiles are the names of files, and of lines in them.
type memoryFiles struct{ usage, limit, events, anon, inactiveFile, faults, major string }

var (
	memoryFilesV1 = memoryFiles{"memory.usage_in_bytes", "memory.limit_in_bytes", "memory.oom_control", "total_rss", "total_inactive_file", "total_pgfault", "total_pgmajfault"}
	memoryFilesV2 = memoryFiles{"memory.current", "memory.max", "memory.events", "anon", "inactive_file", "pgfault", "pgmajfault"}
)

func (r *cgroupReader) memory(v *cgroupValues, f folder) {
	files := &memoryFilesV1
	if f.v2 {
		files = &memoryFilesV2
	}
	if data, ok := r.read(f, fileUsage, files.usage); ok {
		n, err := parseValue(data)
		v.usage, v.hasUsage = keep(r, n, err), true
	}
	if data, ok := r.read(f, fileMemoryStat, "memory.stat"); ok {
		n, err := keyedNumber(data, files.anon)
		v.rss = keep(r, n, err)
		n, err = keyedNumber(data, files.inactiveFile)
		v.inactive, v.hasMemory = keep(r, n, err), true
		r.line(v, cgMinor, data, files.faults, 1)
		r.line(v, cgMajor, data, files.major, 1)
		v.counts[cgMinor] = max(0, v.counts[cgMinor]-v.counts[cgMajor])
	}
	if data, ok := r.read(f, fileLimit, files.limit); ok {
		n, err := parseLimit(data)
		v.limit = keep(r, n, err)
		v.hasLimit = v.limit < noLimit
	}
	if data, ok := r.read(f, fileEvents, files.events); ok {
		r.line(v, cgOOM, data, "oom_kill", 1)
	}
}

// disk adds up the devices.
func (r *cgroupReader) disk(v *cgroupValues, f folder) {
	name, parse := "io.stat", parseIOStat
	if !f.v2 {
		name, parse = "blkio.throttle.io_service_bytes_recursive", parseServiceBytes
	}
	if data, ok := r.read(f, fileDisk, name); ok {
		io, err := parse(data)
		io = keep(r, io, err)
		v.set(cgRead, io.read)
		v.set(cgWritten, io.written)
	}
}

// parseIOStat reads version 2's lines "8:0 rbytes=1 wbytes=2 rios=3 …". A device
// without numbers has none yet.
func parseIOStat(data []byte) (io procIO, err error) {
	for line := range bytes.Lines(data) {
		f := cut(line, 1)
		for f.next(); len(bytes.TrimSpace(f.rest)) > 0; {
			key, value, _ := bytes.Cut(f.next(), []byte{'='})
			switch string(key) {
			case "rbytes":
				err = sum(&io.read, value, err)
			case "wbytes":
				err = sum(&io.written, value, err)
			}
		}
	}
	return io, err
}

// parseServiceBytes reads version 1's lines "8:0 Read 1".
func parseServiceBytes(data []byte) (io procIO, err error) {
	for line := range bytes.Lines(data) {
		f := cut(line, 1)
		f.next()
		switch string(f.next()) {
		case "Read":
			err = sum(&io.read, f.next(), err)
		case "Write":
			err = sum(&io.written, f.next(), err)
		}
	}
	return io, err
}

func sum(to *int64, value []byte, err error) error {
	if err != nil {
		return err
	}
	n, err := strconv.ParseInt(string(value), 10, 64)
	if err != nil || n < 0 {
		return fmt.Errorf("%.40q is no number of bytes", value)
	}
	*to += n
	return nil
}
