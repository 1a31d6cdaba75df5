package push

import (
	"bytes"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/podpatterns/podpatterns/sidecar/logcollect"
)

// fuzzFormat has what format encodes compared with the lines that went in: each
// request on its own is whole, and together they are all.
func fuzzFormat(f *testing.F, format Format, decode func(testing.TB) func(request) []entry, replaced bool) {
	f.Add("a.log", []byte("one\ntwo\r\n\nthree"), uint16(30), int64(0))
	f.Add("dir/\"b\".log", []byte("\xff\xfe\x00\n☕\n"+strings.Repeat("x", 300)+"\n"), uint16(200), int64(1))
	f.Add("", []byte("same\nsame\n"), uint16(1000), int64(1772366400_000000000))
	f.Fuzz(func(t *testing.T, path string, lines []byte, limit uint16, at int64) {
		s := &Sink{URL: "http://logs", Format: format, MaxRequestBytes: int(limit) + 1}
		if at != 0 {
			s.Time = func(_ string, line []byte) (time.Time, bool) { return time.Unix(0, at), len(line)%2 == 0 }
		}
		r, err := s.begin(t.Context())
		require.NoError(t, err)
		half := bytes.LastIndexByte(lines[:len(lines)/2], '\n') + 1
		b := logcollect.Batch{Lines: lines, Chunks: []logcollect.Chunk{
			{Path: path, Lines: lines[:half]}, {Path: "other", Lines: lines[half:]},
		}}
		var got, paths []string
		for next := r.resume(b, 0); ; {
			p := r.encode(b, next)
			if p.lines == 0 {
				break
			}
			entries := decode(t)(request{raw: r.raw})
			require.Len(t, entries, p.lines)
			require.True(t, p.lines == 1 || len(r.raw) <= s.MaxRequestBytes, "%d bytes, limit %d", len(r.raw), s.MaxRequestBytes)
			for _, e := range entries {
				got, paths = append(got, e.text), append(paths, e.stream)
			}
			r.enc.taken(nil)
			next.next = p.to
		}
		var want []string
		for line := range bytes.Lines(lines) {
			text := string(trimEnd(line))
			if replaced && !utf8.ValidString(text) {
				text = string([]rune(text))
			}
			want = append(want, text)
		}
		require.Equal(t, want, got)
		if len(paths) > 0 && half < len(lines) {
			require.Contains(t, paths[len(paths)-1], "other")
		}
	})
}

func FuzzOTLP(f *testing.F)     { fuzzFormat(f, OTLP{}, decodeOTLP, false) }
func FuzzLoki(f *testing.F)     { fuzzFormat(f, Loki{}, decodeLoki, true) }
func FuzzLokiJSON(f *testing.F) { fuzzFormat(f, Loki{JSON: true}, decodeLokiJSON, true) }
func FuzzNDJSON(f *testing.F)   { fuzzFormat(f, NDJSON{}, decodeNDJSON, true) }
