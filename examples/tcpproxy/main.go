// Tcpproxy is a custom ambassador, complete in one binary: a proxy of layer 4 for
// a container beside a main one, which then only ever talks to localhost.
//
//	go run ./examples/tcpproxy -listen 127.0.0.1:5432 -upstream db-1:5432,db-2:5432
//
// Instead of addresses -upstream takes dns:db.example:5432, srv:_db._tcp.example
// or file:endpoints.json. With -tls-cert and -tls-key TLS ends here, with
// -upstream-tls it begins here; -h shows the other flags. SIGTERM and SIGINT drain
// it, and the second one kills it. When it has drained it says what it has done,
// and its exit status is 1 if connections were cut.
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
	log.Info("served", "accepted", s.Accepted, "completed", s.Completed, "unserved", s.Unserved, "refused", s.Refused,
		"resets", s.ClientResets+s.UpstreamResets, "cut", s.Cut, "sent", s.ToUpstream, "received", s.FromUpstream)
	return err
}
