package push

import (
	"cmp"
	"net/http"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Loki is the push API of Grafana Loki, in protobuf with snappy, or in JSON.
//
// The time of an entry is that which the line states. Without [Sink].Time it is
// the time of its reading, which is 1 ns later for each line than for the one
// before, because Loki takes two entries of a stream that are the same in time
// and text for one. For the same reason a line that states the time of the one
// before it is given one that is 1 ns later, and so is one that states none, as
// the lines of a stack trace. Apart from that the times are sent as they are;
// that they are not in order is a matter of Loki's configuration.
//
// What is not UTF-8 becomes U+FFFD, as Loki has nothing else. By default Loki
// refuses lines of more than 256 KiB: set the Collector's MaxLineBytes to that.
// When it refuses some entries of a request it keeps the others; these are sent
// again while the ones refused are looked for, and Loki knows them by their time.
type Loki struct {
	// Labels are labels of all streams. A name is letters, digits and _, and does
	// not begin with a digit. nil: none.
	Labels map[string]string

	// PathLabel is the label that has the file's path. Empty: filename; "-": none,
	// so that several files may make one stream.
	PathLabel string

	// LabelsOf returns labels for the stream of one file. They take the place of
	// those of the same name in Labels. In a name, what must not be there becomes
	// _. nil: none.
	LabelsOf func(path string) map[string]string

	// MetadataOf returns structured metadata for the entries of one file. nil: none.
	MetadataOf func(path string) map[string]string

	// Tenant is sent as X-Scope-OrgID, if Loki has several tenants. Empty: no header.
	Tenant string

	// JSON sends JSON instead of protobuf, compressed by gzip by default.
	JSON bool
}

func (l Loki) pathLabel() string { return cmp.Or(l.PathLabel, "filename") }

func (l Loki) validate(add func(string, ...any)) {
	for _, name := range sorted(l.Labels) {
		switch {
		case name != labelName(name):
			add("Loki.Labels: %q is no name for a label", name)
		case name == l.pathLabel():
			add("Loki.Labels: %q is the PathLabel too", name)
		case !utf8.ValidString(l.Labels[name]):
			add("Loki.Labels: %s: %q is not UTF-8", name, l.Labels[name])
		}
	}
	if name := l.pathLabel(); name == none {
		if len(l.Labels) == 0 && l.LabelsOf == nil {
			add("Loki.PathLabel: %q leaves no label, and Loki wants one", name)
		}
	} else if name != labelName(name) {
		add("Loki.PathLabel: %q is no name for a label", name)
	}
	if !isHeaderValue(l.Tenant) {
		add("Loki.Tenant: %q can't be sent in a header", l.Tenant)
	}
}

func (l Loki) compressions() []Compression {
	if l.JSON {
		return []Compression{Gzip, None}
	}
	return []Compression{Snappy}
}

func (l Loki) encoder() encoder {
	s := streams{form: l, memo: memo[stream]{}, ticks: map[string]tick{}}
	if l.JSON {
		return &lokiJSON{s}
	}
	return &lokiProto{streams: s}
}

// streams is what both encodings have in common.
type streams struct {
	form  Loki
	memo  memo[stream]
	ticks map[string]tick // by stream, up to the last request that was taken

	cur    stream
	tick   tick
	before tick     // the last line
	done   []ticked // the streams of this request
}

// A stream is what is the same for all entries of a file.
type stream struct {
	key    string // its labels as Loki writes them
	labels []byte // encoded
	meta   []byte
}

// A tick is the time of the last entry of a stream.
type tick struct {
	stated, sent int64
}

type ticked struct {
	stream string
	tick
}

func (s *streams) headers(h http.Header) {
	if s.form.Tenant != "" {
		h.Set("X-Scope-OrgID", s.form.Tenant)
	}
}

func (s *streams) begin(to stream) {
	s.cur, s.tick = to, s.ticks[to.key]
	for i := len(s.done) - 1; i >= 0; i-- {
		if s.done[i].stream == to.key {
			s.tick = s.done[i].tick
			break
		}
	}
}

func (s *streams) end() { s.done = append(s.done, ticked{s.cur.key, s.tick}) }

func (s *streams) taken([]byte) (int64, string) {
	for _, d := range s.done {
		if len(s.ticks) >= maxRemembered {
			clear(s.ticks)
		}
		s.ticks[d.stream] = d.tick
	}
	return 0, ""
}

func (s *streams) reason(answer []byte) string { return string(answer) }

// next returns the time of an entry.
func (s *streams) next(r record) int64 {
	last := s.tick
	switch same := last.stated <= r.time && r.time <= last.sent; {
	case last.stated == 0:
		s.tick.sent = r.known()
	case r.time == 0 || same:
		s.tick.sent++
	default:
		s.tick.sent = r.time
	}
	if r.time != 0 {
		s.tick.stated = r.time
	}
	s.before = last
	return s.tick.sent
}

func (s *streams) undo() { s.tick = s.before }

// labels are those of the stream of a file.
func (s *streams) labels(path string) map[string]string {
	all := merge(s.form.Labels, nil, path)
	if name := s.form.pathLabel(); name != none {
		all[name] = valid(path)
	}
	if s.form.LabelsOf != nil {
		for k, v := range s.form.LabelsOf(path) {
			all[labelName(k)] = valid(v)
		}
	}
	return all
}

// labelName makes name one that Loki takes.
func labelName(name string) string {
	valid := strings.Map(func(r rune) rune {
		if 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' {
			return r
		}
		return '_'
	}, name)
	if valid == "" || '0' <= valid[0] && valid[0] <= '9' {
		valid = "_" + valid
	}
	return valid
}

// format writes labels as Loki reads them.
func format(labels map[string]string) string {
	b := []byte{'{'}
	for i, k := range sorted(labels) {
		if i > 0 {
			b = append(b, ',', ' ')
		}
		b = strconv.AppendQuote(append(append(b, k...), '='), labels[k])
	}
	return string(append(b, '}'))
}
