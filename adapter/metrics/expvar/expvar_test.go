package expvar

import (
	"context"
	"expvar"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/podpatterns/podpatterns/adapter/metrics"
	"github.com/podpatterns/podpatterns/adapter/metrics/metricstest"
)

// read is what s makes of body, as text without comments.
func read(s *Source, body string) (string, error) {
	var b metrics.Batch
	if err := s.read([]byte(body), &b, time.Unix(1000, 0)); err != nil {
		return "", err
	}
	var out, lines strings.Builder
	if err := metrics.Text.Write(&out, &b); err != nil {
		return "", err
	}
	for line := range strings.Lines(out.String()) {
		if !strings.HasPrefix(line, "#") && !strings.HasPrefix(line, "expvar_values_unread 0") {
			lines.WriteString(line)
		}
	}
	return lines.String(), nil
}

func TestRead(t *testing.T) {
	deep := func(n int) string { return strings.Repeat(`{"a":`, n) + "1" + strings.Repeat("}", n) }
	for body, want := range map[string]string{
		`{}`: "",
		`{"TotalHits": 5, "x.y": 1.5, "HTTPRequests": true, "off": false}`: "expvar_total_hits 5\nexpvar_x_y 1.5\nexpvar_http_requests 1\nexpvar_off 0\n",
		`{"hits": {"a": 1, "b": {"c": 2}}}`:                                "expvar_hits{key=\"a\"} 1\nexpvar_hits{key=\"b\",key2=\"c\"} 2\n",
		`{"a": "text", "b": null, "c": [1, [2]], "d": 1e999}`:              "expvar_values_unread 4\n",
		`{"cmdline": ["a", {"b": 1}], "n": 9007199254740993}`:              "expvar_n 9007199254740993\n",
		`{"a": 1, "a": 2, "b": 3}`:                                         "expvar_a 1\nexpvar_b 3\nexpvar_values_unread 1\n",
		`{"a": {"b": {"c": {"d": {"e": 1, "f": {}}, "g": 2}}}}`: "expvar_a{key=\"b\",key2=\"c\",key3=\"d\",key4=\"e\"} 1\n" +
			"expvar_a{key=\"b\",key2=\"c\",key3=\"g\"} 2\nexpvar_values_unread 1\n",
		`{"": 1, "7up": 2, "a\u0000\"b": 3, "k": {"\n\"": 4}}`: "expvar__ 1\nexpvar__7up 2\nexpvar_a__b 3\nexpvar_k{key=\"\\n\\\"\"} 4\n",
		`{"memstats": {"Alloc": 10, "Mallocs": 7, "LastGC": 1500000000, "PauseNs": [1, 2], "BySize": [{"Size": 1}], "PauseTotalNs": 2000000000, "NumGC": 3, "New": {"a": 1}, "EnableGC": true}}`: "go_memstats_alloc_bytes 10\ngo_memstats_mallocs_total 7\ngo_memstats_last_gc_time_seconds 1.5\ngo_gc_duration_seconds_sum 2\ngo_gc_duration_seconds_count 3\nexpvar_values_unread 1\n",
		`{"memstats": 5}`: "expvar_values_unread 1\n",
		deep(30):          "expvar_values_unread 1\n",
	} {
		got, err := read(&Source{}, body)
		require.NoError(t, err, body)
		require.Equal(t, want, got, body)
	}
	many := `{"a": 1` + strings.Repeat(`,"b":1`, maxValues) + "}"
	for body, want := range map[string]string{
		"":                        "EOF",
		"[1]":                     errNoObject.Error(),
		"5":                       errNoObject.Error(),
		"<html>":                  "invalid character",
		"\x00\xff":                "invalid character",
		`{"a": 1`:                 "unexpected EOF",
		`{"a": {"b"`:              "unexpected EOF",
		`{"a": [1, `:              "unexpected EOF",
		`{"memstats": {"Alloc": `: "unexpected EOF",
		`{"a" 1}`:                 "invalid character",
		`{"a": 1} {}`:             "there is more after the JSON object",
		many:                      "more than 20000 values",
		`{"a": [1` + strings.Repeat(",1", maxValues) + "]}": "more than 20000 values",
		deep(1000):                                 "nested deeper than 32 levels",
		`{"a": ` + strings.Repeat("[", 5000):       "nested deeper than 32 levels",
		`{"cmdline": ` + strings.Repeat("[", 5000): "nested deeper than 32 levels",
	} {
		_, err := read(&Source{}, body)
		require.ErrorContains(t, err, want, "%.40s", body)
	}
	got, err := read(&Source{Prefix: "app_"}, `{"a": 1}`)
	require.NoError(t, err)
	require.Equal(t, "app_a 1\n", got)
}

func TestRestartIsSeen(t *testing.T) {
	s := &Source{}
	start := func(mallocs int, at int64) int64 {
		var b metrics.Batch
		require.NoError(t, s.read(fmt.Appendf(nil, `{"memstats": {"Mallocs": %d}}`, mallocs), &b, time.Unix(at, 0)))
		return b.Families()[0].Points[0].Start
	}
	require.Zero(t, start(10, 1))
	require.Zero(t, start(11, 2))
	require.EqualValues(t, 2e9, start(5, 3))
	require.EqualValues(t, 2e9, start(6, 4))
}

func TestCollect(t *testing.T) {
	expvar.NewInt("requests").Set(7)
	m := expvar.NewMap("byCode")
	m.Add("200", 5)
	answer := expvar.Handler()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { answer.ServeHTTP(w, r) }))
	defer server.Close()
	s := &Source{URL: server.URL + "/debug/vars"}
	var b metrics.Batch
	require.NoError(t, s.Collect(t.Context(), &b))
	got := map[string]float64{}
	for _, f := range b.Families() {
		got[f.Name] = f.Points[0].Value.Float()
	}
	require.Equal(t, 7.0, got["expvar_requests"])
	require.Equal(t, 5.0, got["expvar_by_code"])
	require.Zero(t, got["expvar_values_unread"])
	require.Positive(t, got["go_memstats_heap_alloc_bytes"])
	require.Len(t, got, len(memory)+4)

	metricstest.Lint(t, s)

	answer = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "oops") })
	require.ErrorContains(t, s.Collect(t.Context(), &b), "expvar: "+server.URL+"/debug/vars: invalid character")
	answer = http.NotFoundHandler()
	require.ErrorContains(t, s.Collect(t.Context(), &b), "404")
	s.mu.Lock()
	require.ErrorIs(t, s.Collect(context.Background(), &b), errBusy)
}

func TestValidate(t *testing.T) {
	require.NoError(t, (&Source{URL: "unix:s:/debug/vars", Prefix: "app_"}).Validate())
	for want, s := range map[string]*Source{"URL: ": {}, `Prefix: "7-"`: {URL: "http://x/", Prefix: "7-"}} {
		require.ErrorContains(t, s.Validate(), want)
		require.ErrorContains(t, s.Collect(t.Context(), new(metrics.Batch)), want)
	}
	require.Equal(t, "expvar", (&Source{}).String())
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(`{"a": 1, "b": {"c": {"d": 1.5}}, "cmdline": ["x"], "e": [1], "f": "s", "g": true}`))
	f.Add([]byte(`{"memstats": {"Alloc": 1, "PauseNs": [1], "NumGC": 1, "PauseTotalNs": 5}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		text, err := read(&Source{}, string(body))
		if err == nil && strings.Count(text, "\n") > len(body)+1 {
			t.Fatal(text)
		}
	})
}
