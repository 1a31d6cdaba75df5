package push

import (
	"net/http"
	"strconv"

	"github.com/podpatterns/podpatterns/internal/jsontext"
)

type lokiJSON struct{ streams }

func (e *lokiJSON) headers(h http.Header) {
	e.streams.headers(h)
	h.Set("Content-Type", "application/json")
}

func (e *lokiJSON) open(b []byte) []byte {
	e.done = e.done[:0]
	return append(b, `{"streams":[`...)
}

func (e *lokiJSON) head(b []byte, path string) []byte {
	e.begin(e.memo.of(path, e.stream))
	b = append(comma(b), `{"stream":`...)
	b = append(b, e.cur.labels...)
	return append(b, `,"values":[`...)
}

func (e *lokiJSON) stream(path string) (s stream) {
	labels := e.labels(path)
	s.key = format(labels)
	s.labels = appendObject(nil, labels)
	if e.form.MetadataOf != nil {
		if meta := e.form.MetadataOf(path); len(meta) > 0 {
			s.meta = appendObject([]byte{','}, meta)
		}
	}
	return s
}

func appendObject(b []byte, m map[string]string) []byte {
	b = append(b, '{')
	for i, k := range sorted(m) {
		if i > 0 {
			b = append(b, ',')
		}
		b = jsontext.Append(append(jsontext.Append(b, k), ':'), m[k])
	}
	return append(b, '}')
}

// comma appends one, unless an array has just begun.
func comma(b []byte) []byte {
	if b[len(b)-1] == '[' {
		return b
	}
	return append(b, ',')
}

func (e *lokiJSON) line(b []byte, r record) []byte {
	b = append(comma(b), '[', '"')
	b = strconv.AppendInt(b, e.next(r), 10)
	b = append(b, '"', ',')
	b = jsontext.Append(b, r.text)
	b = append(b, e.cur.meta...)
	return append(b, ']')
}

func (e *lokiJSON) foot(b []byte, _ int) []byte {
	e.end()
	return append(b, ']', '}')
}

func (*lokiJSON) close(b []byte) []byte { return append(b, ']', '}') }
func (*lokiJSON) rest() int             { return 4 }
