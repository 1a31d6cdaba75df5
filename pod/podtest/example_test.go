package podtest_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/podpatterns/podpatterns/adapter"
	"github.com/podpatterns/podpatterns/pod/podtest"
	"github.com/podpatterns/podpatterns/pod/sandbox"
)

// A server and its client on a network of their own: no port of the machine is
// used, and the host names need no DNS.
func ExampleNetwork() {
	var network podtest.Network
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	l, err := network.Listen(ctx, "tcp", "web:80")
	if err != nil {
		fmt.Println(err)
		return
	}
	served := make(chan error)
	go func() { served <- sandbox.ServeHTTP(ctx, l, &http.Server{Handler: http.HandlerFunc(up)}) }()

	client := http.Client{Transport: &http.Transport{DialContext: network.DialContext}}
	resp, err := client.Get("http://web/metrics")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	fmt.Printf("%s%v\n", body, err)

	stop()
	fmt.Println(<-served)
	_, err = client.Get("http://web/metrics")
	fmt.Println(err)
	// Output:
	// up 1
	// <nil>
	// <nil>
	// Get "http://web/metrics": dial tcp 198.18.0.1:80: connect: connection refused
}

// In a test file of the package that has the adapter, this is all of it.
func ExampleTestAdapter() {
	TestExporter := func(t *testing.T) {
		podtest.TestAdapter(t, func() adapter.Adapter { return adapter.Func(serveHTTP) })
	}
	_ = TestExporter
}

// In a test file these two are functions of their own. TestMain makes the test
// binary the program that is killed, where the test starts it as that.
func ExampleKillLoop() {
	TestMain := func(m *testing.M) {
		if dir := os.Getenv("SHIP_FROM"); dir != "" {
			shipUntilTerm(dir) // copies the lines of in to out, and ends at SIGTERM
			return
		}
		os.Exit(m.Run())
	}
	TestKilled := func(t *testing.T) {
		dir := t.TempDir()
		in, err := os.Create(filepath.Join(dir, "in"))
		if err != nil {
			t.Fatal(err)
		}
		defer in.Close()
		written := 0
		shipped := func() int {
			out, _ := os.ReadFile(filepath.Join(dir, "out"))
			return bytes.Count(out, []byte("\n"))
		}
		podtest.KillLoop(t, podtest.Kill{
			Command: func() *exec.Cmd {
				cmd := exec.Command(os.Args[0])
				cmd.Env = append(os.Environ(), "SHIP_FROM="+dir)
				return cmd
			},
			Work: func() {
				fmt.Fprintln(in, "line", written)
				written++
			},
			Progress: func() int64 { return int64(shipped()) },
			Done:     func() bool { return shipped() >= written },
		})
		want, _ := os.ReadFile(in.Name())
		got, _ := os.ReadFile(filepath.Join(dir, "out"))
		if !bytes.Equal(want, got) {
			t.Error("what was shipped is not what was written")
		}
	}
	_, _ = TestMain, TestKilled
}

func shipUntilTerm(string) {}
