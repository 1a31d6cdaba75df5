// Statsd is a custom adapter, complete in one binary: it receives StatsD and
// DogStatsD from the containers beside it, and a monitor scrapes what they have
// sent.
//
//	go run ./examples/statsd -listen-udp 127.0.0.1:8125 -listen 127.0.0.1:9102
//	echo -n 'orders:1|c|#shop:berlin' | nc -u -w0 127.0.0.1 8125
//	curl http://127.0.0.1:9102/metrics
//
// With -listen-tcp and -listen-unix it receives there as well, with -mapping
// labels are made of names:
//
//	{"rules": [
//		{"match": "shop.*.orders", "name": "orders", "labels": {"shop": "$1"}},
//		{"match": "*.latency", "name": "latency", "labels": {"of": "$1"},
//		 "observer": {"kind": "histogram", "buckets": [0.1, 0.5, 1]}, "ttl": "10m"},
//		{"regexp": "^debug\\.", "drop": true}
//	]}
//
// The fields are those of statsd.Rule. SIGTERM and SIGINT stop it, the second one
// at once; when it has taken what had been sent it says what it has done.
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

	"github.com/podpatterns/podpatterns/adapter/metrics"
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
	source, err := o.source()
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
	log.Info("serving", "address", l.Addr().String())
	told, tell := context.WithCancel(ctx)
	defer tell()
	go func() {
		if source.Ready(told) == nil {
			for _, a := range source.Addrs() {
				log.Info("receiving", "network", a.Network(), "address", a.String())
			}
		}
	}()

	box := &sandbox.Sandbox{Logger: log, Grace: o.grace}
	exporter := &metrics.Exporter{Sources: []metrics.Source{source}, WebConfig: o.webConfig}
	err = exporter.Adapt(box.Context(ctx), nil, l)
	s := source.Stats()
	log.Info("received", "packets", s.Packets, "samples", s.Samples, "rejected", fmt.Sprint(s.Rejected), "overflowed", s.Overflowed,
		"kernel_dropped", s.KernelDropped, "receive_buffer", s.ReceiveBuffer, "series", s.Series)
	return err
}
