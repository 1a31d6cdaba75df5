package push

import (
	"net/http"
	"time"
	"unicode/utf8"

	"github.com/podpatterns/podpatterns/internal/protobuf"
)

// The numbers of the fields in logproto's push.proto.
const (
	lokiStreams = 1
	lokiLabels  = 1 // of StreamAdapter
	lokiEntries = 2

	lokiTime = 1 // of EntryAdapter
	lokiLine = 2
	lokiMeta = 3

	lokiName  = 1 // of LabelPairAdapter
	lokiValue = 2

	lokiSeconds = 1 // of google.protobuf.Timestamp
	lokiNanos   = 2
)

type lokiProto struct {
	streams
	mended []byte // a line that was not UTF-8
}

func (e *lokiProto) headers(h http.Header) {
	e.streams.headers(h)
	h.Set("Content-Type", "application/x-protobuf")
}

func (e *lokiProto) open(b []byte) []byte {
	e.done = e.done[:0]
	return b
}

func (e *lokiProto) head(b []byte, path string) []byte {
	e.begin(e.memo.of(path, e.stream))
	return append(b, e.cur.labels...)
}

func (e *lokiProto) stream(path string) (s stream) {
	s.key = format(e.labels(path))
	s.labels = protobuf.AppendField(nil, lokiLabels, s.key)
	if e.form.MetadataOf == nil {
		return s
	}
	meta := e.form.MetadataOf(path)
	for _, k := range sorted(meta) {
		begin := len(s.meta)
		s.meta = protobuf.AppendText(s.meta, lokiName, valid(k))
		s.meta = protobuf.AppendText(s.meta, lokiValue, valid(meta[k]))
		s.meta = protobuf.Wrap(s.meta, begin, lokiMeta)
	}
	return s
}

func (e *lokiProto) line(b []byte, r record) []byte {
	text := r.text
	if !utf8.Valid(text) {
		e.mended = appendValid(e.mended[:0], text)
		text = e.mended
	}
	at := e.next(r)
	seconds, nanos := at/int64(time.Second), at%int64(time.Second)
	stamp := protobuf.SizeNumber(seconds) + protobuf.SizeNumber(nanos)
	b = protobuf.AppendLength(b, lokiEntries, protobuf.SizeField(stamp)+protobuf.SizeText(len(text))+len(e.cur.meta))
	b = protobuf.AppendLength(b, lokiTime, stamp)
	b = protobuf.AppendNumber(b, lokiSeconds, seconds)
	b = protobuf.AppendNumber(b, lokiNanos, nanos)
	b = protobuf.AppendText(b, lokiLine, text)
	return append(b, e.cur.meta...)
}

func (e *lokiProto) foot(b []byte, begin int) []byte {
	e.end()
	return protobuf.Wrap(b, begin, lokiStreams)
}

func (*lokiProto) close(b []byte) []byte { return b }
func (*lokiProto) rest() int             { return 1 + 5 }
