package upstream_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/podpatterns/podpatterns/ambassador/upstream"
)

// greet listens, and says its name to each connection.
func greet(name string) net.Listener {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			fmt.Fprintln(c, name)
			c.Close()
		}
	}()
	return l
}

func visit(c *upstream.Cluster, key string) string {
	conn, err := c.Dial(upstream.WithKey(context.Background(), key))
	if err != nil {
		return err.Error()
	}
	defer conn.Close()
	line, err := bufio.NewReader(conn).ReadString('\n')
	if err != nil {
		return err.Error()
	}
	return line[:len(line)-1]
}

// A cluster of two addresses of which one is down.
func Example() {
	up, down := greet("here I am"), greet("")
	defer up.Close()
	down.Close()
	cluster := &upstream.Cluster{
		Endpoints: upstream.To(down.Addr().String(), up.Addr().String()),
		Ejection:  &upstream.Ejection{Consecutive: 1},
	}
	for range 3 {
		fmt.Println(visit(cluster, ""))
	}
	// Output:
	// here I am
	// here I am
	// here I am
}

// Twice as much for the second one.
func ExampleRoundRobin() {
	a, b := greet("a"), greet("b")
	defer a.Close()
	defer b.Close()
	cluster := &upstream.Cluster{
		Endpoints: upstream.Static{{Address: a.Addr().String()}, {Address: b.Addr().String(), Weight: 2}},
		Balancer:  upstream.RoundRobin{},
	}
	count := map[string]int{}
	for range 9 {
		count[visit(cluster, "")]++
	}
	fmt.Println(count)
	// Output: map[a:3 b:6]
}

// Equal keys go to the same endpoint.
func ExampleMaglev() {
	a, b := greet("a"), greet("b")
	defer a.Close()
	defer b.Close()
	cluster := &upstream.Cluster{
		Endpoints: upstream.To(a.Addr().String(), b.Addr().String()),
		Balancer:  upstream.Maglev{},
	}
	where := visit(cluster, "user-7")
	for range 10 {
		if visit(cluster, "user-7") != where {
			fmt.Println("elsewhere")
		}
	}
	fmt.Println(visit(cluster, "user-7") == where)
	// Output: true
}

// A program with endpoints that come and go runs the cluster; a proxy does that by
// itself.
func ExampleCluster_Run() {
	server := greet("discovered")
	defer server.Close()
	cluster := &upstream.Cluster{
		Endpoints: upstream.SourceFunc(func(ctx context.Context, update func([]upstream.Endpoint, error)) error {
			update(upstream.To(server.Addr().String()), nil)
			<-ctx.Done()
			return ctx.Err()
		}),
		Check: &upstream.Check{Interval: time.Second},
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- cluster.Run(ctx) }()
	if err := cluster.Ready(ctx); err != nil {
		panic(err)
	}
	fmt.Println(visit(cluster, ""))
	fmt.Println(cluster.Stats().Endpoints[0].State)
	stop()
	fmt.Println(<-ended)
	// Output:
	// discovered
	// healthy
	// <nil>
}

// Layer 7 picks for each request, and says how it went.
func ExampleCluster_Pick() {
	server := greet("answer")
	defer server.Close()
	cluster := &upstream.Cluster{
		Endpoints: upstream.To(server.Addr().String()),
		Balancer:  upstream.PeakEWMA{},
		Breaker:   &upstream.Breaker{},
	}
	ctx := context.Background()
	lease, err := cluster.Pick(ctx)
	if err != nil {
		panic(err)
	}
	defer lease.Done()
	began := time.Now()
	conn, err := lease.Dial(ctx)
	if err != nil {
		lease.Report(upstream.Failed, time.Since(began))
		return
	}
	defer conn.Close()
	answer, _ := io.ReadAll(conn)
	lease.Report(upstream.Succeeded, time.Since(began))
	fmt.Printf("%s", answer)
	fmt.Println(cluster.Stats().Endpoints[0].Succeeded)
	// Output:
	// answer
	// 1
}

// The file has an address a line, or is an array of JSON.
func ExampleFile() {
	server := greet("from a file")
	defer server.Close()
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "endpoints")
	if err := os.WriteFile(path, []byte("# address weight\n"+server.Addr().String()+" 2\n"), 0o600); err != nil {
		panic(err)
	}
	cluster := &upstream.Cluster{Endpoints: upstream.File{Path: path}}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- cluster.Run(ctx) }()
	fmt.Println(visit(cluster, ""))
	stop()
	fmt.Println(<-ended)
	// Output:
	// from a file
	// <nil>
}

// The targets of a service, asked for at name servers of one's own.
func ExampleDNS() {
	source := upstream.DNS{
		Service: "_postgresql._tcp.db.example",
		Servers: []string{"10.0.0.53", "10.0.1.53"},
		MaxTTL:  time.Minute,
	}
	fmt.Println(source.Validate())
	source.Host = "db.example:5432"
	fmt.Println(source.Validate())
	// Output:
	// <nil>
	// Service: "_postgresql._tcp.db.example", and Host is "db.example:5432"; only one may be given
}

// A checker of one's own: the server has to greet first.
func ExampleCheckerFunc() {
	good, bad := greet("ready"), greet("loading")
	defer good.Close()
	defer bad.Close()
	cluster := &upstream.Cluster{
		Endpoints: upstream.To(good.Addr().String(), bad.Addr().String()),
		Check: &upstream.Check{Checker: upstream.CheckerFunc(func(_ context.Context, conn net.Conn, _ upstream.Endpoint) error {
			line, err := bufio.NewReader(conn).ReadString('\n')
			if err == nil && line != "ready\n" {
				err = fmt.Errorf("it is %q", line)
			}
			return err
		})},
	}
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	go cluster.Run(ctx)
	if err := cluster.Ready(ctx); err != nil {
		panic(err)
	}
	for range 3 {
		fmt.Println(visit(cluster, ""))
	}
	// Output:
	// ready
	// ready
	// ready
}

// After one failure nothing is tried for ten seconds.
func ExampleBreaker() {
	down := greet("")
	down.Close()
	cluster := &upstream.Cluster{
		Endpoints: upstream.To(down.Addr().String()),
		Breaker:   &upstream.Breaker{Failures: 1, OpenFor: 10 * time.Second},
	}
	for range 2 {
		_, err := cluster.Dial(context.Background())
		fmt.Println(errors.Is(err, upstream.ErrNoEndpoint), cluster.Stats().Endpoints[0].State)
	}
	// Output:
	// false open
	// true open
}

// What a production ambassador may look like.
func ExampleCluster() {
	cluster := &upstream.Cluster{
		Endpoints:           upstream.DNS{Service: "_postgresql._tcp.db.example", Servers: []string{"10.0.0.53"}},
		Balancer:            upstream.PeakEWMA{},
		Check:               &upstream.Check{Checker: upstream.TCP{}, Interval: 2 * time.Second},
		Ejection:            &upstream.Ejection{},
		Breaker:             &upstream.Breaker{},
		SlowStart:           30 * time.Second,
		MaxConnsPerEndpoint: 100,
		MaxWait:             time.Second,
		TLS:                 &upstream.TLS{CertFile: "tls/tls.crt", KeyFile: "tls/tls.key", CAFile: "tls/ca.crt"},
	}
	fmt.Println(cluster.Validate())
	// Output: <nil>
}
