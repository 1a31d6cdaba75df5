package push

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/podpatterns/podpatterns/sidecar/logcollect"
)

func TestValidate(t *testing.T) {
	const url = "http://logs/in"
	for _, c := range []struct {
		want string
		sink *Sink
	}{
		{"nil *push.Sink", nil},
		{`URL: "" is empty, so there is nowhere to send to; Format: nil, so it is not known what the server wants`, &Sink{}},
		{`URL: "logs:3100/push" is neither http nor https`, &Sink{URL: "logs:3100/push", Format: NDJSON{}}},
		{`URL: "ftp://logs" is neither http nor https`, &Sink{URL: "ftp://u:secret@logs?secret#secret", Format: NDJSON{}}},
		{`URL: "http:" has no host`, &Sink{URL: "http://u:secret@", Format: NDJSON{}}},
		{`URL: "http://logs:port" is not a URL`, &Sink{URL: "http://logs:port", Format: NDJSON{}}},
		{`URL: "http:///x" has no host`, &Sink{URL: "http:///x", Format: NDJSON{}}},
		{`URL: "http:…" is not a URL`, &Sink{URL: "http://u:secret@logs:port", Format: NDJSON{}}},
		{`URL: "http:…" is not a URL`, &Sink{URL: "http://a@sec@[::1", Format: NDJSON{}}},
		{`MaxRequestBytes: -1 is negative; Timeout: -1ns is negative`, &Sink{URL: url, Format: NDJSON{}, MaxRequestBytes: -1, Timeout: -1}},
		{`Headers: "" is no name for a header; Headers: "Content-Encoding" follows from the request; Headers: "a b" is no name for a header; Headers: the value of "b" can't be sent in a header`,
			&Sink{URL: url, Format: NDJSON{}, Headers: map[string]string{"a b": "x", "b": "secret\r\nX: y", "Content-Encoding": "br", "": "x"}}},
		{`Headers: "x-key" is there in another spelling too`, &Sink{URL: url, Format: NDJSON{}, Headers: map[string]string{"x-key": "secret", "X-Key": "secret"}}},
		{`Compression: "br" is not one of ["none" "gzip" "zstd"], which are what push.NDJSON may have`, &Sink{URL: url, Format: NDJSON{}, Compression: "br"}},
		{`Compression: "gzip" is not one of ["snappy"], which are what push.Loki may have`, &Sink{URL: url, Format: Loki{}, Compression: Gzip}},
		{`Compression: "snappy" is not one of ["gzip" "none"]`, &Sink{URL: url, Format: Loki{JSON: true}, Compression: Snappy}},
		{`Compression: "snappy" is not one of ["gzip" "zstd" "none"]`, &Sink{URL: url, Format: OTLP{}, Compression: Snappy}},

		{`NDJSON.Path: "message" is the name of another member too`, &Sink{URL: url, Format: NDJSON{Path: "message"}}},
		{`NDJSON.Time: "path" is the name of another member too`, &Sink{URL: url, Format: NDJSON{Time: "path"}}},
		{`NDJSON.Message: "-" would leave out the line itself`, &Sink{URL: url, Format: NDJSON{Message: "-"}}},
		{`NDJSON.Fields: "time" is the name of another member too`, &Sink{URL: url, Format: NDJSON{Fields: map[string]string{"time": "x"}}}},

		{`Loki.Labels: "a.b" is no name for a label; Loki.Labels: "filename" is the PathLabel too; Loki.Labels: job: "\xff" is not UTF-8; Loki.Tenant: "a\nb" can't be sent in a header`,
			&Sink{URL: url, Format: Loki{Labels: map[string]string{"a.b": "x", "filename": "y", "job": "\xff"}, Tenant: "a\nb"}}},
		{`Loki.Labels: "1" is no name for a label`, &Sink{URL: url, Format: Loki{Labels: map[string]string{"1": "x"}}}},
		{`Loki.Labels: "" is no name for a label`, &Sink{URL: url, Format: Loki{Labels: map[string]string{"": "x"}}}},
		{`Loki.Labels: "é" is no name for a label`, &Sink{URL: url, Format: Loki{Labels: map[string]string{"é": "x"}}}},
		{`Loki.PathLabel: "file.name" is no name for a label`, &Sink{URL: url, Format: Loki{PathLabel: "file.name"}}},
		{`Loki.PathLabel: "-" leaves no label, and Loki wants one`, &Sink{URL: url, Format: Loki{PathLabel: "-"}}},

		{`OTLP.Resource: "" is no name for an attribute; OTLP.Attributes: "a": "\xff" is not UTF-8`,
			&Sink{URL: url, Format: OTLP{Resource: map[string]string{"": "x"}, Attributes: map[string]string{"a": "\xff"}}}},
	} {
		err := c.sink.Validate()
		require.ErrorContains(t, err, c.want)
		require.NotContains(t, err.Error(), "sec")
	}
	for _, f := range []Format{NDJSON{}, NDJSON{Time: "-", Path: "-"}, Loki{}, Loki{JSON: true}, OTLP{}, Loki{PathLabel: "-", Labels: map[string]string{"job": "x"}}} {
		require.NoError(t, (&Sink{URL: "https://user:pw@logs.example:3100/?x=y", Format: f, Headers: map[string]string{"X-Key": "a\tb"}}).Validate())
	}
}

func TestBareURL(t *testing.T) {
	for raw, want := range map[string]string{
		"http://logs/in@x?token=y#z": "http://logs/in@x",
		"https://u:p@logs:1/a%2Fb/c": "https://logs:1/a%2Fb/c",
		"http://u:se/cret@logs/in":   "http:…",
		"http://u:se?cret@logs/in":   "http:…",
		"u:secret@logs/in":           "u:…",
		"/relative":                  "/relative",
		"":                           "",
		"http://[::1]:80/":           "http://[::1]:80/",
	} {
		require.Equal(t, want, bare(raw))
	}
}

// A Collector asks before it reads anything; alone, Write does.
func TestValidatedAtRun(t *testing.T) {
	root, err := os.OpenRoot(t.TempDir())
	require.NoError(t, err)
	defer root.Close()
	s := &Sink{URL: "http://logs", Format: NDJSON{}, Timeout: -1}
	c := &logcollect.Collector{Include: []string{"*.log"}, Sink: s}
	require.EqualError(t, c.Run(t.Context(), root), "logcollect: Sink: Timeout: -1ns is negative")
	require.EqualError(t, s.Write(t.Context(), batch("a", "1\n")), "Timeout: -1ns is negative")
	c.Sink = (*Sink)(nil)
	require.EqualError(t, c.Run(t.Context(), root), "logcollect: Sink: nil *push.Sink")
}
