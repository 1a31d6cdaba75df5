package httpproxy

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"math"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func logged(l Log, r Record, h fields) string {
	var out bytes.Buffer
	l.Logger = slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}}))
	l.write(context.Background(), slog.New(slog.DiscardHandler), &r, h)
	return out.String()
}

func TestWhatIsLogged(t *testing.T) {
	r := Record{
		Route: "api", Part: "blue", TraceID: "abc", Client: netip.MustParseAddr("1.2.3.4"), Method: "GET", Host: "h", Path: "/a",
		Proto: "HTTP/2.0", Status: 200, BytesIn: 1, BytesOut: 2, Endpoint: "e:80", Tries: 2, Took: time.Second, Upstream: time.Millisecond,
	}
	require.Equal(t, `level=INFO msg=request method=GET host=h path=/a proto=HTTP/2.0 status=200 took=1s in=1 out=2 client=1.2.3.4 `+
		`route=api part=blue endpoint=e:80 trace=abc tries=2 upstream=1ms header.User-Agent="a, b"`+"\n",
		logged(Log{Headers: []string{"User-Agent", "Cookie"}}, r, fields{{"user-agent", "a"}, {"User-Agent", "b"}}))
	require.Equal(t, `level=WARN msg=request method=GET host="" path=/ proto="" status=502 took=0s in=0 out=0 own=true err=broken`+"\n",
		logged(Log{Level: slog.LevelWarn}, Record{Method: "GET", Path: "/", Status: 502, Own: true, Err: errors.New("broken")}, nil))
	require.Empty(t, logged(Log{Level: slog.LevelDebug}, r, nil))
}

func TestLogIsSampled(t *testing.T) {
	n := 0
	for range 10_000 {
		if logged(Log{Share: 0.1}, Record{Status: 404}, nil) != "" {
			n++
		}
	}
	require.InDelta(t, 1000, n, 200)
	for _, failed := range []Record{{Status: 500}, {}, {Status: 200, Err: errors.New("cut")}} {
		require.NotEmpty(t, logged(Log{Share: -1}, failed, nil))
	}
	require.Empty(t, logged(Log{Share: -1}, Record{Status: 200}, nil))
	require.ErrorContains(t, (&Log{Share: 2}).validate(), "Share: 2")
	require.ErrorContains(t, (&Log{Share: math.NaN()}).validate(), "Share: NaN")
	require.ErrorContains(t, (&Log{Headers: []string{"a b"}}).validate(), `Headers: "a b"`)
}

func TestLogHasNoLineBreaks(t *testing.T) {
	require.Equal(t, 1, strings.Count(logged(Log{}, Record{Method: "GET", Host: "a\nb", Path: "/\r\nlevel=ERROR"}, nil), "\n"))
}
