package httpproxy

import (
	"encoding/binary"
	"encoding/hex"
	"math/rand/v2"
	"strings"
)

// The fields of W3C Trace Context, level 2. One that is right goes on as it came,
// with its tracestate: this proxy has no span of its own to put in, unless a
// [Trace] does that. One that is not, or is there twice, is replaced by a new one,
// and tracestate is removed, as section 3.3 demands.

const (
	traceparentName = "traceparent"
	tracestateName  = "tracestate"
	traceparentSize = 2 + 1 + 32 + 1 + 16 + 1 + 2
	tracestateMost  = 32 // members, by section 3.3.1.1
)

// traceID is the part of a traceparent that all of a trace share, or empty if it
// is not valid.
func traceID(parent string) string {
	if len(parent) < traceparentSize || parent[2] != '-' || parent[35] != '-' || parent[52] != '-' {
		return ""
	}
	version, trace, span, flags := parent[:2], parent[3:35], parent[36:52], parent[53:55]
	if !lowerHex(version) || !lowerHex(trace) || !lowerHex(span) || !lowerHex(flags) {
		return ""
	}
	switch {
	case version == "ff", allZero(trace), allZero(span):
		return ""
	case version == "00" && len(parent) != traceparentSize:
		return ""
	case len(parent) > traceparentSize && parent[traceparentSize] != '-': // a later version's, by section 4
		return ""
	}
	return trace
}

func lowerHex(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

func allZero(s string) bool { return strings.Trim(s, "0") == "" }

// newTraceparent begins a trace that nobody has sampled. The ids are not secret.
func newTraceparent() string {
	var ids [24]byte
	for allBytesZero(ids[:16]) || allBytesZero(ids[16:]) {
		binary.NativeEndian.PutUint64(ids[:], rand.Uint64())
		binary.NativeEndian.PutUint64(ids[8:], rand.Uint64())
		binary.NativeEndian.PutUint64(ids[16:], rand.Uint64())
	}
	var b [traceparentSize]byte
	b[0], b[1], b[2], b[35], b[52] = '0', '0', '-', '-', '-'
	hex.Encode(b[3:35], ids[:16])
	hex.Encode(b[36:52], ids[16:])
	b[53], b[54] = '0', '2' // the trace id is random
	return string(b[:])
}

func allBytesZero(b []byte) bool {
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}

// follow has h carry a valid traceparent, and returns its trace id.
func follow(h *fields) string {
	parent, n := "", 0
	for v := range h.values(traceparentName) {
		parent = v
		n++
	}
	if id := traceID(parent); id != "" && n == 1 {
		if !validTracestate(*h) {
			h.del(tracestateName)
		}
		return id
	}
	parent = newTraceparent()
	h.del(tracestateName)
	h.set(traceparentName, parent)
	return traceID(parent)
}

// validTracestate tells whether the members are key=value each, and not too many.
func validTracestate(h fields) bool {
	members := 0
	for line := range h.values(tracestateName) {
		for len(line) > 0 {
			var member string
			member, line, _ = strings.Cut(line, ",")
			member = strings.Trim(member, " \t")
			if member == "" {
				continue
			}
			if members++; members > tracestateMost || !validMember(member) {
				return false
			}
		}
	}
	return true
}

// validMember is section 3.3.1.3.
func validMember(member string) bool {
	key, value, ok := strings.Cut(member, "=")
	if !ok || key == "" || len(key) > 256 || value == "" || len(value) > 256 {
		return false
	}
	for i := range len(key) {
		c := key[i]
		letter := c >= 'a' && c <= 'z' || c >= '0' && c <= '9'
		if !letter && (i == 0 || !strings.ContainsRune("_-*/@", rune(c))) {
			return false
		}
	}
	for i := range len(value) {
		if c := value[i]; c < ' ' || c > '~' || c == '=' {
			return false
		}
	}
	return true
}
