package adapter_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"

	"github.com/podpatterns/podpatterns/adapter"
	"github.com/podpatterns/podpatterns/pod/sandbox"
)

// An adapter that presents the numbers which the main container writes into a
// file, one name and value a line, in the form that a monitor reads.
func Example() {
	var metrics adapter.Adapter = adapter.Func(func(ctx context.Context, root *os.Root, l net.Listener) error {
		return sandbox.ServeHTTP(ctx, l, &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			stats, err := root.ReadFile("stats")
			if err != nil {
				http.Error(w, err.Error(), http.StatusServiceUnavailable)
				return
			}
			for line := range strings.Lines(string(stats)) {
				name, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
				fmt.Fprintf(w, "app_%s %s\n", name, value)
			}
		})})
	})

	dir, _ := os.MkdirTemp("", "example")
	defer os.RemoveAll(dir)
	root, _ := os.OpenRoot(dir)
	defer root.Close()
	root.WriteFile("stats", []byte("requests: 7\nerrors: 0\n"), 0o644)

	l, _ := net.Listen("tcp", "127.0.0.1:0")
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- metrics.Adapt(ctx, root, l) }()

	answer, _ := http.Get("http://" + l.Addr().String())
	text, _ := io.ReadAll(answer.Body)
	answer.Body.Close()
	http.DefaultClient.CloseIdleConnections()
	fmt.Printf("%s", text)
	stop()
	fmt.Println(<-ended)
	// Output:
	// app_requests 7
	// app_errors 0
	// <nil>
}
