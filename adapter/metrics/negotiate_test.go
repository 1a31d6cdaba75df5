package metrics

import (
	"compress/gzip"
	"context"
	"io"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/require"
)

type protobuf struct{}

func (protobuf) ContentType() string { return "application/x-protobuf; proto=a.B" }

func (protobuf) Write(w io.Writer, _ *Batch) error { _, err := io.WriteString(w, "pb"); return err }

func TestFormatsAreNegotiated(t *testing.T) {
	p, err := (&Exporter{Sources: []Source{one("a")}, Formats: []Format{protobuf{}}}).plan(context.Background(), newPipes())
	require.NoError(t, err)
	for accept, want := range map[string]Format{
		"": Text, "*/*": Text, "text/plain": Text, "text/html, */*;q=0.1": Text, "image/png": Text, "nonsense;;=": Text,
		"application/openmetrics-text;version=1.0.0;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2":                                                            OpenMetrics,
		"application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.6,application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,text/plain;version=0.0.4;q=0.2": OpenMetrics,
		"application/openmetrics-text":                                         OpenMetrics,
		"application/openmetrics-text; version=0.0.1":                          Text,
		"application/openmetrics-text;version=2.0.0, text/plain;version=0.0.4": Text,
		"application/openmetrics-text;q=0, text/plain;q=0.1":                   Text,
		"text/plain;q=0.2, application/openmetrics-text;q=0.3":                 OpenMetrics,
		"text/plain;q=2, application/json":                                     JSON,
		"application/json;q=0.9, text/plain;version=0.0.4;q=0.8":               JSON,
		"*/*, application/openmetrics-text;q=0.9":                              Text,
		"application/x-protobuf":                                               protobuf{},
		"application/x-protobuf;proto=a.B":                                     protobuf{},
		"application/x-protobuf;proto=c.D":                                     Text,
		strings.Repeat("x/y,", 40) + "application/json":                        Text,
	} {
		require.Equal(t, want, choose(p.formats, []string{accept}), accept)
	}
}

func TestEncodings(t *testing.T) {
	for accept, want := range map[string]string{
		"": "", "gzip": "gzip", "gzip, deflate, br, zstd": "zstd", "gzip;q=1.0, zstd;q=0.5": "gzip", "identity": "", "*": "zstd",
		"gzip;q=0": "", "identity;q=1, gzip;q=0.5": "", "zstd;q=0, *;q=0.1": "gzip", "br": "", "GZIP": "gzip",
	} {
		got := ""
		if e := encodingOf([]string{accept}); e != nil {
			got = e.name
		}
		require.Equal(t, want, got, accept)
	}
}

func TestAScrapeInEachFormAndEncoding(t *testing.T) {
	bubble(t, func(t *testing.T) {
		e := &Exporter{Sources: []Source{one("a")}, Resource: NewLabels("service.name", "shop")}
		s := start(t, e, nil)
		for _, encoding := range []string{"", "gzip", "zstd", "gzip"} {
			resp, body := s.do("GET", "/metrics", "Accept-Encoding", encoding, "Accept", "application/openmetrics-text")
			require.Equal(t, encoding, resp.Header.Get("Content-Encoding"))
			require.Equal(t, "Accept, Accept-Encoding", resp.Header.Get("Vary"))
			require.Equal(t, OpenMetrics.ContentType(), resp.Header.Get("Content-Type"))
			var plain io.Reader = strings.NewReader(body)
			switch encoding {
			case "gzip":
				z, err := gzip.NewReader(plain)
				require.NoError(t, err)
				plain = z
			case "zstd":
				z, err := zstd.NewReader(plain, zstd.WithDecoderConcurrency(1))
				require.NoError(t, err)
				defer z.Close()
				plain = z
			}
			text, err := io.ReadAll(plain)
			require.NoError(t, err)
			require.Contains(t, string(text), "\na 1\n")
			require.Contains(t, string(text), `target_info{service_name="shop"} 1`)
			require.True(t, strings.HasSuffix(string(text), "# EOF\n"))
		}
		_, body := s.do("GET", "/metrics.json", "Accept", "text/plain")
		require.Contains(t, body, `"resource":{"service.name":"shop"}`)
		_, body = s.do("GET", "/")
		require.Contains(t, body, "<td>a</td><td>worked</td><td>1</td>")
		require.NoError(t, s.stop())
	})
}

func FuzzNegotiation(f *testing.F) {
	f.Add("text/plain;q=0.5, application/openmetrics-text; version=\"1.0.0\"", "gzip;q=0.1, *")
	f.Add(";,=;\"", "\xff;q=NaN")
	p, err := (&Exporter{Sources: []Source{one("a")}}).plan(context.Background(), newPipes())
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, accept, encoding string) {
		require.NotNil(t, choose(p.formats, []string{accept, accept}))
		for _, o := range offers([]string{encoding}) {
			require.True(t, o.q >= 0 && o.q <= 1)
		}
		encodingOf([]string{encoding})
	})
}
