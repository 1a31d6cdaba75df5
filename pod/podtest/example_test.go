package podtest_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
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
