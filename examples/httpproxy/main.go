// Httpproxy is a custom ambassador, complete in one binary: a proxy of layer 7 for
// a container beside a main one, which then only ever talks to localhost.
//
//	go run ./examples/httpproxy -listen 127.0.0.1:8080 -upstream api-1:8080,api-2:8080 -retries 2
//
// Instead of addresses -upstream takes dns:api.example:8080, srv:_http._tcp.example
// or file:endpoints.json. With -route a path goes elsewhere, with -shadow copies do.
// With -tls-cert and -tls-key TLS ends here, with -upstream-tls it begins here; -h
// shows the other flags. SIGTERM and SIGINT drain it, and the second one kills it.
// When it has drained it says what it has done, and its exit status is 1 if requests
// were cut.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/podpatterns/podpatterns/ambassador/httpproxy"
	"github.com/podpatterns/podpatterns/pod/sandbox"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	context.AfterFunc(ctx, stop) // from then on a signal kills
	switch err := run(ctx, os.Args[1:], os.Stderr); {
	case errors.Is(err, flag.ErrHelp):
	case err != nil:
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// run is the program, until ctx is done.
func run(ctx context.Context, args []string, out io.Writer) error {
	o, err := parse(args, out)
	if err != nil {
		return err
	}
	proxy, err := o.proxy()
	if err != nil {
		return err
	}
	network, address := "tcp", o.listen
	if path, ok := strings.CutPrefix(o.listen, "unix:"); ok {
		network, address = "unix", path
	}
	l, err := net.Listen(network, address)
	if err != nil {
		return err
	}
	log := slog.New(slog.NewTextHandler(out, nil))
	log.Info("listening", "address", l.Addr().String())
	box := &sandbox.Sandbox{Logger: log, Grace: o.grace}
	err = proxy.Serve(box.Context(ctx), l)
	s := proxy.Stats()
	log.Info("served", "accepted", s.Accepted, "answered", s.Answered, "refused", s.Refused, "unserved", s.Unserved,
		"left", s.ClientLeft, "aborted", s.Aborted, "cut", s.Cut+s.CutOff)
	for _, r := range s.Routes {
		log.Info("of the route", "route", name(r), "requests", r.Requests, "retries", r.Retries, "limited", r.Limited,
			"p50", r.Latency.Quantile(0.5), "p99", r.Latency.Quantile(0.99), "copies", r.Shadow.Answered)
	}
	return err
}

// name is that of a route; the -upstream's has none.
func name(r httpproxy.RouteStats) string {
	if r.Name == "" {
		return "-upstream"
	}
	return r.Name
}
