package push_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/golang/snappy"
	loki "github.com/grafana/loki/pkg/push"
	"github.com/stretchr/testify/require"

	"github.com/podpatterns/podpatterns/sidecar/logcollect"
	"github.com/podpatterns/podpatterns/sidecar/logcollect/push"
)

// bodies hands each request's body to read that sink makes of awkward lines.
func bodies(t *testing.T, sink *push.Sink, read func(body []byte)) {
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		require.NoError(t, err)
		require.EqualValues(t, len(body), r.ContentLength, "Loki relies on it")
		read(body)
	}))
	defer server.Close()
	sink.URL = server.URL + "/loki/api/v1/push"
	a, b := strings.Join(awkward(), "\n")+"\n", "one\ntwo\n"
	lines := []byte(a + b + a)
	require.NoError(t, sink.Write(t.Context(), logcollect.Batch{Lines: lines, Chunks: []logcollect.Chunk{
		{Path: "logs/a.log", Lines: lines[:len(a)]},
		{Path: "logs/\"b\".log", Lines: lines[len(a) : len(a)+len(b)]},
		{Path: "logs/a.log", Lines: lines[len(a)+len(b):]},
	}}))
}

// wanted are the lines as Loki has them.
func wanted() (all []string) {
	for _, text := range awkward() {
		all = append(all, string([]rune(text)))
	}
	return all
}

func format(meta bool) push.Loki {
	l := push.Loki{Labels: map[string]string{"job": "shop", "z": "é\"\n"}}
	if meta {
		l.MetadataOf = func(path string) map[string]string { return map[string]string{"pod": "shop-0", "of": path} }
	}
	return l
}

func TestLokiProtobuf(t *testing.T) {
	for _, meta := range []bool{false, true} {
		t.Run(fmt.Sprint(meta), func(t *testing.T) {
			got := map[string][]string{}
			var last int64
			requests := 0
			bodies(t, &push.Sink{Format: format(meta), MaxRequestBytes: 100_000}, func(body []byte) {
				requests++
				raw, err := snappy.Decode(nil, body)
				require.NoError(t, err)
				var request loki.PushRequest
				require.NoError(t, request.Unmarshal(raw))
				for _, s := range request.Streams {
					for _, e := range s.Entries {
						got[s.Labels] = append(got[s.Labels], e.Line)
						require.Greater(t, e.Timestamp.UnixNano(), last)
						last = e.Timestamp.UnixNano()
						require.Equal(t, meta, len(e.StructuredMetadata) == 2)
					}
				}
				again, err := request.Marshal()
				require.NoError(t, err)
				require.Equal(t, again, raw, "byte for byte what Loki's own clients send")
			})
			require.Greater(t, requests, 5)
			require.Equal(t, map[string][]string{
				`{filename="logs/a.log", job="shop", z="é\"\n"}`:     append(wanted(), wanted()...),
				`{filename="logs/\"b\".log", job="shop", z="é\"\n"}`: {"one", "two"},
			}, got)
		})
	}
}

func TestLokiJSON(t *testing.T) {
	got := map[string][]string{}
	l := format(true)
	l.JSON = true
	bodies(t, &push.Sink{Format: l, Compression: push.None, MaxRequestBytes: 100_000}, func(body []byte) {
		var request struct {
			Streams []struct {
				Stream loki.LabelsAdapter
				Values [][]json.RawMessage
			}
		}
		require.NoError(t, json.Unmarshal(body, &request))
		for _, s := range request.Streams {
			require.Len(t, s.Stream, 3)
			for _, v := range s.Values {
				var at, line string
				var meta loki.LabelsAdapter
				require.Len(t, v, 3)
				require.NoError(t, json.Unmarshal(v[0], &at))
				require.NoError(t, json.Unmarshal(v[1], &line))
				require.NoError(t, json.Unmarshal(v[2], &meta))
				require.Equal(t, loki.LabelsAdapter{{Name: "of", Value: s.Stream[0].Value}, {Name: "pod", Value: "shop-0"}}, meta)
				_, err := strconv.ParseInt(at, 10, 64)
				require.NoError(t, err)
				got[s.Stream[0].Value] = append(got[s.Stream[0].Value], line)
			}
		}
	})
	require.Equal(t, map[string][]string{
		"logs/a.log":     append(wanted(), wanted()...),
		"logs/\"b\".log": {"one", "two"},
	}, got)
}
