package logcollect

import (
	"bytes"
	"slices"
)

// An item is a line or an event as it is delivered.
type item struct {
	text string
	cut  Cut
}

// A reference is the plainest framing of a whole file: line by line, with copies.
type reference struct {
	framing
	pauses []int // sizes of the file at which time had passed

	items   []item
	dropped int
	mode    place
	cur     []byte // of the event that has begun: whole lines
}

// segment frames what the file has from offset at to the size at which it ended.
func (f *reference) segment(data []byte, at int) {
	if f.mode == torn && len(data) > 0 {
		f.mode = lineStart
		n := 0
		switch {
		case data[0] == '\n':
			n = 1
		case f.strip && bytes.HasPrefix(data, []byte("\r\n")):
			n = 2
		}
		data, at = data[n:], at+n
	}
	for len(data) > 0 {
		n := bytes.IndexByte(data, '\n') + 1
		if n == 0 {
			n = len(data)
		}
		f.line(data[:n], at)
		data, at = data[n:], at+n
	}
	if len(f.cur) > 0 {
		cut := Whole
		if !endsLine(f.cur) {
			cut, f.mode = Ended, torn
		}
		f.emit(cut)
	}
}

func (f *reference) line(line []byte, at int) {
	begins := f.start == nil || f.start(head(line))
	passed, wasLong := false, false // time, when a part of this line was there; that
	for _, p := range f.pauses {
		if n := p - at; n >= 0 && (n < len(line) || n == len(line) && !endsLine(line)) {
			passed = f.mode != dropping || n < startSize
			wasLong = n >= startSize && f.tooLong(slices.Concat(f.cur, line[:n]), goesOn)
			break
		}
	}
	switch {
	case f.mode == dropped || f.mode == dropping && f.start != nil && !begins && !passed:
		f.drop(line)
		return
	case f.mode == dropping:
		f.mode = lineStart
	}
	if len(f.cur) > 0 {
		switch {
		case begins, passed && !wasLong:
			f.emit(Whole)
		case f.length(slices.Concat(f.cur, line)) > f.limit && f.truncate:
			f.emit(Truncated)
			f.drop(line)
			return
		case f.length(slices.Concat(f.cur, line)) > f.limit:
			f.emit(Parted)
		default:
			f.cur = append(f.cur, line...)
			return
		}
	}
	for f.length(line) > f.limit {
		f.cur = slices.Clone(line[:f.limit])
		line = line[f.limit:]
		if f.truncate {
			f.emit(Truncated)
			f.drop(line)
			return
		}
		f.emit(Split)
	}
	f.cur = slices.Clone(line)
	if f.start == nil && endsLine(line) {
		f.emit(Whole)
	}
}

func (f *reference) drop(line []byte) {
	f.dropped += len(line)
	switch {
	case !endsLine(line):
		f.mode = dropped
	case f.start != nil:
		f.mode = dropping
	default:
		f.mode = lineStart
	}
}

func (f *reference) emit(cut Cut) {
	text := f.cur
	f.cur = nil
	if f.strip {
		text = bytes.ReplaceAll(text, []byte("\r\n"), newline)
	}
	if len(text) == 0 || !endsLine(text) {
		text = append(slices.Clone(text), '\n')
	}
	f.items = append(f.items, item{string(text), cut})
}

// length is that of the content of whole lines, or of a last one.
func (f *reference) length(lines []byte) int {
	n := len(bytes.TrimSuffix(lines, newline))
	if f.strip && bytes.HasSuffix(lines, []byte("\r\n")) {
		n--
	}
	return n
}

func head(line []byte) []byte {
	content, whole := bytes.CutSuffix(line, newline)
	if len(content) >= startSize {
		return content[:startSize]
	}
	if whole {
		content = bytes.TrimSuffix(content, []byte("\r"))
	}
	return content
}
