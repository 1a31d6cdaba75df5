package push

import (
	"maps"
	"net/http"
	"slices"
	"time"
)

// A Format is what a request looks like, and what an answer says. It is one of
// [NDJSON], [Loki] and [OTLP].
type Format interface {
	// validate adds what is wrong with the fields.
	validate(add func(format string, args ...any))
	// compressions returns what may be used, the default first.
	compressions() []Compression
	// encoder returns what makes the requests of one run.
	encoder() encoder
}

// An encoder appends one request after another to a buffer: open, for each chunk
// head, its lines, and foot, and close. A line that a request has no room for is
// cut off the buffer again, with its head if it is the first one, and then undo is
// called.
type encoder interface {
	headers(http.Header)
	open(b []byte) []byte
	head(b []byte, path string) []byte
	line(b []byte, r record) []byte
	undo()
	foot(b []byte, begin int) []byte // begin: where head began
	close(b []byte) []byte
	rest() int // what foot and close add at most

	// taken is told that the server has taken the last request, and returns how
	// many of its lines it rejected nevertheless, and what it has to say.
	taken(answer []byte) (rejected int64, message string)
	// reason returns what an answer gives as the reason of a failure.
	reason(answer []byte) string
}

// A record is one line.
type record struct {
	text []byte // without its end
	time int64  // that the line states, in ns since 1970; 0: none
	read int64  // when it was read, in ns; later for each line than for the one before
}

// known is the time of the line if it states one, else that of its reading.
func (r record) known() int64 {
	if r.time != 0 {
		return r.time
	}
	return r.read
}

func (r *run) record(path string, text []byte, read int64) record {
	rec := record{text: text, read: read}
	if r.stamp == nil {
		return rec
	}
	// Outside of these years a time does not fit into 64 bits of ns.
	if at, ok := r.stamp(path, text); ok && at.After(time.Unix(0, 0)) && at.Year() < 2262 {
		rec.time = at.UnixNano()
	}
	return rec
}

// now is later than the last time that was given to a line.
func now(last int64) int64 { return max(time.Now().UnixNano(), last) }

// A memo remembers what was computed for each path.
type memo[V any] map[string]V

// maxRemembered bounds a memo.
const maxRemembered = 1000

func (m memo[V]) of(path string, compute func(path string) V) V {
	v, ok := m[path]
	if !ok {
		if len(m) >= maxRemembered {
			clear(m)
		}
		v = compute(path)
		m[path] = v
	}
	return v
}

// merge returns fixed with what more says of path on top.
func merge(fixed map[string]string, more func(path string) map[string]string, path string) map[string]string {
	all := maps.Clone(fixed)
	if all == nil {
		all = map[string]string{}
	}
	if more != nil {
		maps.Copy(all, more(path))
	}
	return all
}

func sorted(m map[string]string) []string { return slices.Sorted(maps.Keys(m)) }

// none is the name of a field or label that is to be left out.
const none = "-"
