package tcpproxy_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"strings"

	"github.com/podpatterns/podpatterns/ambassador/tcpproxy"
)

// shout answers a line in capitals.
func shout(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		line, _ := bufio.NewReader(c).ReadString('\n')
		fmt.Fprint(c, strings.ToUpper(line))
		c.Close()
	}
}

func Example() {
	backend, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	defer backend.Close()
	go shout(backend)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}

	proxy := &tcpproxy.Proxy{Upstream: tcpproxy.To(backend.Addr().String())}
	ctx, stop := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- proxy.Serve(ctx, l) }()

	client, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		panic(err)
	}
	fmt.Fprintln(client, "hello")
	answer, _ := bufio.NewReader(client).ReadString('\n')
	fmt.Print(answer)
	client.Close()

	stop()
	fmt.Println("served:", <-served)
	stats := proxy.Stats()
	fmt.Println("completed:", stats.Completed, "bytes:", stats.ToUpstream, "and", stats.FromUpstream)
	// Output:
	// HELLO
	// served: <nil>
	// completed: 1 bytes: 6 and 6
}
