package metrics_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"strings"

	"github.com/podpatterns/podpatterns/adapter/metrics"
)

// A source of one's own is a function that adds points.
func Example() {
	var (
		length = metrics.Desc{Name: "queue.length", Unit: "{job}", Help: "Jobs that wait.", Kind: metrics.UpDownCounter}
		worked = metrics.Desc{Name: "queue.work", Unit: "s", Help: "Time spent on jobs.", Kind: metrics.Counter}
	)
	mail, print := metrics.NewLabels("job.kind", "mail"), metrics.NewLabels("job.kind", "print")
	queue := func(_ context.Context, b *metrics.Batch) error {
		b.Family(length).Add(nil, metrics.Int(3))
		work := b.Family(worked)
		work.Add(mail, metrics.Float(1.5))
		work.Add(print, metrics.Float(20))
		return nil
	}
	disk := func(context.Context, *metrics.Batch) error { return fmt.Errorf("no disk") }
	exporter := &metrics.Exporter{Sources: []metrics.Source{
		metrics.Named{Name: "queue", Source: metrics.Func(queue)},
		metrics.Named{Name: "disk", Source: metrics.Func(disk)},
	}}

	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	ended := make(chan error)
	go func() { ended <- exporter.Adapt(ctx, nil, l) }()

	resp, err := http.Get("http://" + l.Addr().String() + "/metrics")
	if err != nil {
		fmt.Println(err)
		return
	}
	for lines := bufio.NewScanner(resp.Body); lines.Scan(); {
		if !strings.Contains(lines.Text(), "source_duration") { // which is another each time
			fmt.Println(lines.Text())
		}
	}
	resp.Body.Close()
	stop()
	fmt.Println("ended:", <-ended)

	// Output:
	// # HELP queue_length Jobs that wait.
	// # TYPE queue_length gauge
	// queue_length 3
	// # HELP queue_work_seconds_total Time spent on jobs.
	// # TYPE queue_work_seconds_total counter
	// queue_work_seconds_total{job_kind="mail"} 1.5
	// queue_work_seconds_total{job_kind="print"} 20
	// # HELP up 1 if the source was collected at this scrape, 0 if it failed or took too long: then none of its values are here.
	// # TYPE up gauge
	// up{source="disk"} 0
	// up{source="queue"} 1
	// ended: <nil>
}
