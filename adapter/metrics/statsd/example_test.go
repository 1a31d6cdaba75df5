package statsd_test

import (
	"context"
	"fmt"
	"net"
	"os"

	"github.com/podpatterns/podpatterns/adapter/metrics"
	"github.com/podpatterns/podpatterns/adapter/metrics/statsd"
)

func Example() {
	source := &statsd.Source{
		UDP: "127.0.0.1:0",
		Rules: []statsd.Rule{
			{Match: "shop.*.orders", Name: "orders", Labels: map[string]string{"shop": "$1"}, Help: "Orders that were taken."},
		},
	}
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	ended := make(chan error)
	go func() { ended <- source.Run(ctx) }() // an Exporter does that
	source.Ready(ctx)

	c, err := net.Dial("udp", source.Addrs()[0].String())
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Fprint(c, "shop.berlin.orders:1|c|@0.1|#card:visa\nshop.berlin.orders:2|c|#card:visa")
	c.Close()
	stop()
	fmt.Println(<-ended) // what had arrived was read

	var b metrics.Batch
	source.Collect(context.Background(), &b)
	var orders metrics.Batch
	for _, f := range b.Families()[:1] {
		orders.Family(f.Desc).Points = f.Points
	}
	metrics.Text.Write(os.Stdout, &orders)
	// Output:
	// <nil>
	// # HELP orders_total Orders that were taken.
	// # TYPE orders_total counter
	// orders_total{card="visa",shop="berlin"} 12
}
