package push

import (
	"bytes"
	"cmp"
	"encoding/json"
	"net/http"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/podpatterns/podpatterns/internal/jsontext"
)

// NDJSON is one JSON object for each line, on a line of its own, as
// application/x-ndjson:
//
//	{"time":"2026-03-01T12:00:00.000000001Z","path":"logs/a.log","message":"GET /"}
//
// A name that is empty is the default, and "-" leaves the member out. What is not
// UTF-8 becomes U+FFFD, as JSON has nothing else. By default a request is not
// compressed, since not every server looks at Content-Encoding.
type NDJSON struct {
	// Time is the member that has the time that the line states or, if it states
	// none, that of its reading, in RFC 3339 and UTC. Empty: time.
	Time string

	// Path is the member that has the file's path. Empty: path.
	Path string

	// Message is the member that has the line. Empty: message.
	Message string

	// Fields are members that each object has. nil: none.
	Fields map[string]string

	// FieldsOf returns members that the objects of one file have. They take the
	// place of those of the same name in Fields. nil: none.
	FieldsOf func(path string) map[string]string

	// Raw says that the lines are JSON already: one that is an object is sent as it
	// is, without any of the members above. Any other one is sent as by default.
	Raw bool
}

func (n NDJSON) names() (at, path, message string) {
	return cmp.Or(n.Time, "time"), cmp.Or(n.Path, "path"), cmp.Or(n.Message, "message")
}

func (n NDJSON) validate(add func(string, ...any)) {
	at, path, message := n.names()
	names := []string{message, path, at}
	for i, field := range []string{"Message", "Path", "Time"} {
		if names[i] != none && slices.Contains(names[:i], names[i]) {
			add("NDJSON.%s: %q is the name of another member too", field, names[i])
		}
	}
	if message == none {
		add("NDJSON.Message: %q would leave out the line itself", message)
	}
	for _, name := range sorted(n.Fields) {
		if slices.Contains(names, name) {
			add("NDJSON.Fields: %q is the name of another member too", name)
		}
	}
}

func (NDJSON) compressions() []Compression { return []Compression{None, Gzip, Zstd} }

func (n NDJSON) encoder() encoder {
	e := &ndjson{form: n, fields: memo[[]byte]{}}
	at, _, message := n.names()
	if at != none {
		e.time = append(jsontext.Append(nil, at), ':', '"')
	}
	e.message = append(jsontext.Append(nil, message), ':')
	return e
}

type ndjson struct {
	form    NDJSON
	time    []byte // the member up to its value
	message []byte
	fields  memo[[]byte]

	file []byte // the members of the current one
}

func (*ndjson) headers(h http.Header) { h.Set("Content-Type", "application/x-ndjson") }

func (*ndjson) open(b []byte) []byte { return b }

func (e *ndjson) head(b []byte, path string) []byte {
	e.file = e.fields.of(path, e.members)
	return b
}

// members are those that are the same for all lines of a file.
func (e *ndjson) members(path string) (b []byte) {
	at, name, message := e.form.names()
	add := func(name, value string) {
		b = append(jsontext.Append(append(jsontext.Append(b, name), ':'), value), ',')
	}
	if name != none {
		add(name, path)
	}
	all := merge(e.form.Fields, e.form.FieldsOf, path)
	for _, k := range sorted(all) {
		if k != at && k != name && k != message {
			add(k, all[k])
		}
	}
	return b
}

func (e *ndjson) line(b []byte, r record) []byte {
	if e.form.Raw && isObject(r.text) {
		if utf8.Valid(r.text) {
			b = append(b, r.text...)
		} else {
			b = appendValid(b, r.text)
		}
		return append(b, '\n')
	}
	b = append(b, '{')
	if len(e.time) > 0 {
		b = append(b, e.time...)
		b = time.Unix(0, r.known()).UTC().AppendFormat(b, time.RFC3339Nano)
		b = append(b, '"', ',')
	}
	b = append(b, e.file...)
	b = append(b, e.message...)
	b = jsontext.Append(b, r.text)
	return append(b, '}', '\n')
}

func isObject(text []byte) bool {
	text = bytes.TrimLeft(text, " \t\r")
	return len(text) > 0 && text[0] == '{' && json.Valid(text)
}

func (*ndjson) undo() {}

func (*ndjson) foot(b []byte, _ int) []byte  { return b }
func (*ndjson) close(b []byte) []byte        { return b }
func (*ndjson) rest() int                    { return 0 }
func (*ndjson) taken([]byte) (int64, string) { return 0, "" }
func (*ndjson) reason(answer []byte) string  { return string(answer) }
