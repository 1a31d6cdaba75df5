package push_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/klauspost/compress/snappy"

	"github.com/podpatterns/podpatterns/sidecar/logcollect"
	"github.com/podpatterns/podpatterns/sidecar/logcollect/push"
)

// collect runs a Collector on a folder with one log until all of it is delivered.
func collect(log string, sink *push.Sink) {
	dir, err := os.MkdirTemp("", "push")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	root, err := os.OpenRoot(dir)
	if err != nil {
		panic(err)
	}
	defer root.Close()
	os.WriteFile(filepath.Join(dir, "access.log"), []byte(log), 0o644)

	logs := &logcollect.Collector{Include: []string{"*.log"}, Sink: sink}
	ctx, stop := context.WithCancel(context.Background())
	stop() // it drains then
	fmt.Println("done:", logs.Run(ctx, root))
}

// fixed is a time for lines, so that the output is always the same.
func fixed(string, []byte) (time.Time, bool) {
	return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), true
}

func ExampleNDJSON() {
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		fmt.Println(r.Header.Get("Content-Type"), r.Header.Get("Authorization"))
		io.Copy(os.Stdout, r.Body)
	}))
	defer server.Close()

	collect("GET /\nGET /logo.svg\n", &push.Sink{
		URL:     server.URL,
		Format:  push.NDJSON{Message: "msg", Fields: map[string]string{"app": "shop"}},
		Headers: map[string]string{"Authorization": "Bearer 1234"},
		Time:    fixed,
	})
	// Output:
	// application/x-ndjson Bearer 1234
	// {"time":"2026-03-01T12:00:00Z","path":"access.log","app":"shop","msg":"GET /"}
	// {"time":"2026-03-01T12:00:00Z","path":"access.log","app":"shop","msg":"GET /logo.svg"}
	// done: <nil>
}

func ExampleLoki() {
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		body, err := snappy.Decode(nil, body)
		fmt.Println(r.URL.Path, r.Header.Get("X-Scope-OrgID"), err)
		for _, text := range []string{`{filename="access.log", job="shop"}`, "GET /", "GET /logo.svg"} {
			fmt.Println(text, bytes.Contains(body, []byte(text)))
		}
	}))
	defer server.Close()

	collect("GET /\nGET /logo.svg\n", &push.Sink{
		URL:    server.URL + "/loki/api/v1/push",
		Format: push.Loki{Labels: map[string]string{"job": "shop"}, Tenant: "team"},
	})
	// Output:
	// /loki/api/v1/push team <nil>
	// {filename="access.log", job="shop"} true
	// GET / true
	// GET /logo.svg true
	// done: <nil>
}

func ExampleLoki_json() {
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := gzip.NewReader(r.Body)
		io.Copy(os.Stdout, body)
		fmt.Println()
	}))
	defer server.Close()

	collect("GET /\nGET /logo.svg\n", &push.Sink{
		URL:    server.URL + "/loki/api/v1/push",
		Format: push.Loki{JSON: true, Labels: map[string]string{"job": "shop"}},
		Time:   fixed,
	})
	// Output:
	// {"streams":[{"stream":{"filename":"access.log","job":"shop"},"values":[["1772366400000000000","GET /"],["1772366400000000001","GET /logo.svg"]]}]}
	// done: <nil>
}

func ExampleOTLP() {
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		unpacked, _ := gzip.NewReader(r.Body)
		body, err := io.ReadAll(unpacked)
		fmt.Println(r.URL.Path, r.Header.Get("Content-Type"), err)
		for _, text := range []string{"service.name", "shop", "log.file.path", "access.log", "GET /", "GET /logo.svg"} {
			fmt.Println(text, bytes.Contains(body, []byte(text)))
		}
	}))
	defer server.Close()

	collect("GET /\nGET /logo.svg\n", &push.Sink{
		URL:    server.URL + "/v1/logs",
		Format: push.OTLP{Resource: map[string]string{"service.name": "shop"}},
	})
	// Output:
	// /v1/logs application/x-protobuf <nil>
	// service.name true
	// shop true
	// log.file.path true
	// access.log true
	// GET / true
	// GET /logo.svg true
	// done: <nil>
}

// A server that refuses one line for what it is does not hold up the others.
func ExampleSink_dropRefused() {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if strings.Contains(string(body), "rubbish") {
			http.Error(w, "that is rubbish", http.StatusBadRequest)
			return
		}
		fmt.Print(string(body))
	}))
	defer server.Close()

	sink := &push.Sink{
		URL:         server.URL,
		Format:      push.NDJSON{Time: "-", Path: "-"},
		DropRefused: true, // else it would be tried until the run ends
	}
	collect("one\nrubbish\nthree\n", sink)
	fmt.Printf("%+v\n", sink.Stats())
	// Output:
	// {"message":"one"}
	// {"message":"three"}
	// done: <nil>
	// {Requests:4 Failures:2 Splits:1 Bytes:120 Lines:2 Rejected:0 Dropped:1}
}
