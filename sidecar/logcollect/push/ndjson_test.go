package push

import (
	"encoding/json"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/podpatterns/podpatterns/internal/jsontext"
)

// write sends b to a fake in virtual time, and returns the fake.
func write(t *testing.T, s *Sink, b ...string) (f *fake) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		f = &fake{TB: t}
		l, loki := s.Format.(Loki)
		f.snappy = loki && !l.JSON
		p := newBubble(t, f)
		s.URL = "http://logs/in"
		require.NoError(t, s.Write(p.ctx, batch(b...)))
	})
	return f
}

func TestNDJSON(t *testing.T) {
	f := write(t, &Sink{Format: NDJSON{}},
		"logs/a.log", "GET /\r\n\ntab\tquote\" back\\slash \x00\x1f\x7f\n", "b\".log", "caf\xe9 ☕ \u2028\xff\xfe\nno end")
	const at = `{"time":"2000-01-01T00:00:00`
	require.Equal(t, at+`Z","path":"logs/a.log","message":"GET /"}
`+at+`.000000001Z","path":"logs/a.log","message":""}
`+at+`.000000002Z","path":"logs/a.log","message":"tab\tquote\" back\\slash \u0000\u001f`+"\x7f"+`"}
`+at+`.000000003Z","path":"b\".log","message":"caf� ☕ `+"\u2028"+`��"}
`+at+`.000000004Z","path":"b\".log","message":"no end"}
`, string(f.all[0].raw))
	require.Equal(t, "application/x-ndjson", f.all[0].header.Get("Content-Type"))
	require.Equal(t, "podpatterns-logcollect", f.all[0].header.Get("User-Agent"))
	require.Empty(t, f.all[0].header.Get("Content-Encoding"))
}

func TestNDJSONFields(t *testing.T) {
	f := write(t, &Sink{
		Format: NDJSON{
			Time: "@timestamp", Path: "-", Message: "msg",
			Fields:   map[string]string{"app": "shop", "env": "test"},
			FieldsOf: func(path string) map[string]string { return map[string]string{"env": path, "msg": "no"} },
		},
		Headers: map[string]string{"content-type": "application/json", "Authorization": "Bearer x", "Host": "logs.example"},
		Time: func(path string, line []byte) (time.Time, bool) {
			at, err := time.Parse(time.RFC3339, string(line[:min(len(line), 20)]))
			return at, err == nil
		},
	}, "a", "2026-03-01T12:00:00Z hi\n9999-03-01T12:00:00Z hi\nhi\n")
	require.Equal(t, `{"@timestamp":"2026-03-01T12:00:00Z","app":"shop","env":"a","msg":"2026-03-01T12:00:00Z hi"}
{"@timestamp":"2000-01-01T00:00:00.000000001Z","app":"shop","env":"a","msg":"9999-03-01T12:00:00Z hi"}
{"@timestamp":"2000-01-01T00:00:00.000000002Z","app":"shop","env":"a","msg":"hi"}
`, string(f.all[0].raw))
	require.Equal(t, "application/json", f.all[0].header.Get("Content-Type"))
	require.Equal(t, "Bearer x", f.all[0].header.Get("Authorization"))
	require.Equal(t, "logs.example", f.all[0].host)
}

func TestNDJSONRaw(t *testing.T) {
	f := write(t, &Sink{Compression: Gzip, Format: NDJSON{Time: "-", Path: "-", Raw: true}},
		"a", `{"a": 1}`+"\r\n"+` {"b":"`+"\xff"+`"} `+"\n{not}\n[1]\n17\n\n")
	require.Equal(t, `{"a": 1}
 {"b":"�"} 
{"message":"{not}"}
{"message":"[1]"}
{"message":"17"}
{"message":""}
`, string(f.all[0].raw))
	require.Equal(t, "gzip", f.all[0].header.Get("Content-Encoding"))
}

func TestCompressions(t *testing.T) {
	line := strings.Repeat("again ", 1000)
	for _, c := range []struct {
		format   Format
		by       Compression
		encoding string
		atMost   int64
	}{
		{NDJSON{}, "", "", 7000}, {NDJSON{}, None, "", 7000}, {NDJSON{}, Gzip, "gzip", 300}, {NDJSON{}, Zstd, "zstd", 300},
		{OTLP{}, "", "gzip", 400}, {OTLP{}, None, "", 7000}, {OTLP{}, Zstd, "zstd", 400},
		{Loki{}, "", "", 500}, {Loki{}, Snappy, "", 500},
		{Loki{JSON: true}, "", "gzip", 300}, {Loki{JSON: true}, None, "", 7000},
	} {
		s := &Sink{Format: c.format, Compression: c.by}
		f := write(t, s, "a", line+"\n", "b", line+"\n")
		require.Equal(t, c.encoding, f.all[0].header.Get("Content-Encoding"), "%T %s", c.format, c.by)
		require.Less(t, s.Stats().Bytes, 2*c.atMost, "%T %s", c.format, c.by)
		require.Equal(t, 2, strings.Count(string(f.all[0].raw), line))
	}
}

// Every byte at every place of the words that are looked at at once.
func TestJSONStringBytes(t *testing.T) {
	for c := range 256 {
		for at := range 20 {
			text := []byte("abcdefghijklmnopqrst")
			text[at] = byte(c)
			var back string
			got := jsontext.Append(nil, text)
			if err := json.Unmarshal(got, &back); err != nil || back != string([]rune(string(text))) {
				t.Fatalf("%q became %s: %v", text, got, err)
			}
		}
	}
}

func FuzzJSONString(f *testing.F) {
	f.Add([]byte("plain"))
	f.Add([]byte("\"\\\b\f\n\r\t\x00\x7f\u2028é\xe9\xed\xa0\x80\xf4\x90\x80\x80\xe2\x82"))
	f.Fuzz(func(t *testing.T, text []byte) {
		got := jsontext.Append([]byte("before"), text)
		var back string
		require.NoError(t, json.Unmarshal(got[len("before"):], &back), "%q", got)
		require.Equal(t, string([]rune(string(text))), back)
		require.Equal(t, string([]rune(string(text))), string(appendValid(nil, text)))
		require.Equal(t, got, jsontext.Append([]byte("before"), string(text)))
	})
}
