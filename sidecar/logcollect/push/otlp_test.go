package push

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/podpatterns/podpatterns/internal/protobuf"
)

func TestOTLP(t *testing.T) {
	f := write(t, &Sink{Format: OTLP{}}, "logs/a.log", "GET /\r\n\n", "b.log", "caf\xe9\x00\n")
	require.Equal(t, []entry{
		{" | log.file.name=a.log log.file.path=logs/a.log", "GET /", 0, epoch},
		{" | log.file.name=a.log log.file.path=logs/a.log", "", 0, epoch + 1},
		{" | bytes log.file.name=b.log log.file.path=b.log", "caf\xe9\x00", 0, epoch + 2},
	}, decodeOTLP(t)(f.all[0]))
	require.Equal(t, "application/x-protobuf", f.all[0].header.Get("Content-Type"))
	require.Equal(t, "gzip", f.all[0].header.Get("Content-Encoding"))
}

func TestOTLPAttributes(t *testing.T) {
	f := write(t, &Sink{
		Format: OTLP{
			Resource:     map[string]string{"service.name": "shop", "k8s.pod.name": "shop-0"},
			Attributes:   map[string]string{"a": "1", "b": "2"},
			AttributesOf: func(path string) map[string]string { return map[string]string{"b": path + "\xff"} },
			NoPath:       true,
		},
		Time: func(_ string, line []byte) (time.Time, bool) { return time.Unix(5, 7), len(line) == 3 },
	}, "x", "one\nthree\n")
	require.Equal(t, []entry{
		{" k8s.pod.name=shop-0 service.name=shop | a=1 b=x�", "one", 5e9 + 7, epoch},
		{" k8s.pod.name=shop-0 service.name=shop | a=1 b=x�", "three", 0, epoch + 1},
	}, decodeOTLP(t)(f.all[0]))
}

func TestOTLPPartialSuccess(t *testing.T) {
	partial := func(rejected int64, message string) string {
		b := protobuf.AppendVarint(nil, otlpRejected, rejected)
		b = protobuf.AppendField(b, otlpMessage, message)
		return string(protobuf.AppendField(nil, otlpPartial, b))
	}
	for _, c := range []struct {
		answer   string
		rejected int64
		log      string
	}{
		{"", 0, ""},
		{string(protobuf.AppendField(nil, otlpPartial, "")), 0, ""},
		{partial(0, "soon deprecated"), 0, "push: the server has taken all, and warns why=soon deprecated"},
		{partial(2, "too old"), 2, "push: the server has rejected lines, which it does not want again lines=2 of=3 why=too old"},
		{partial(99, "?"), 3, "lines=3 of=3"},
		{partial(-1, ""), 0, ""},
		{"\xff\xff\xff", 0, ""},
		{"{}", 0, ""},
		{`{"partialSuccess":{}}`, 0, ""},
		{`{"partialSuccess":{"rejectedLogRecords":"2","errorMessage":"too old"}}`, 2, "lines=2 of=3 why=too old"},
		{`{"partialSuccess":{"rejectedLogRecords":2}}`, 2, "lines=2 of=3"},
		{"{no", 0, "its answer can't be read: "},
		{partial(2, strings.Repeat("x", 100<<10)), 2, "lines=2 of=3 why=xxx"},
	} {
		synctest.Test(t, func(t *testing.T) {
			f := &fake{TB: t, answer: func(w http.ResponseWriter, _ int, _ request) bool { return code(w, 200, c.answer) }}
			p := newBubble(t, f)
			s := &Sink{URL: "http://logs", Format: OTLP{}}
			require.NoError(t, s.Write(p.ctx, batch("a", "1\n2\n3\n")))
			require.Equal(t, c.rejected, s.Stats().Rejected)
			require.Equal(t, 3-c.rejected, s.Stats().Lines)
			if c.log == "" {
				require.Empty(t, p.log.lines)
			} else {
				require.Len(t, p.log.lines, 1)
				require.Contains(t, p.log.lines[0], c.log)
			}
			require.NoError(t, s.Write(p.ctx, batch("a", "1\n2\n3\n")))
			require.LessOrEqual(t, len(p.log.lines), 1, "not again within a minute")
			time.Sleep(time.Minute)
			require.NoError(t, s.Write(p.ctx, batch("a", "1\n2\n3\n")))
			require.Equal(t, 3*c.rejected, s.Stats().Rejected)
			require.Equal(t, c.log != "", len(p.log.lines) == 2)
		})
	}
}

// A failure comes with a google.rpc.Status, or as text.
func TestOTLPReason(t *testing.T) {
	status := protobuf.AppendField(protobuf.AppendVarint(nil, 1, 14), otlpMessage, "memory is full")
	for _, text := range []string{string(status), "memory is full"} {
		synctest.Test(t, func(t *testing.T) {
			f := &fake{TB: t, answer: func(w http.ResponseWriter, _ int, _ request) bool { return code(w, 503, text) }}
			p := newBubble(t, f)
			s := &Sink{URL: "http://logs", Format: OTLP{}}
			require.EqualError(t, s.Write(p.ctx, batch("a", "1\n")), `POST http://logs: 503 Service Unavailable: "memory is full"`)
		})
	}
}
