package jsonsource_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"

	"github.com/podpatterns/podpatterns/adapter/metrics"
	"github.com/podpatterns/podpatterns/adapter/metrics/jsonsource"
)

// The status page of a server becomes metrics.
func Example() {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `{
			"queue": "17", "healthy": true,
			"pools": {"small": {"used": "1.5 MiB"}, "large": {"used": "1 GiB"}},
			"disks": [{"dev": "sda", "busy_ms": 1500}, {"dev": "sdb", "busy_ms": 20}]
		}`)
	}))
	defer server.Close()

	rules, err := jsonsource.ParseRules([]byte(`
rules:
- {name: queue.length, unit: "{job}", kind: updowncounter, help: Jobs that wait., path: $.queue}
- {name: healthy, help: Whether it is well., path: $.healthy}
- {name: pool.used, unit: By, help: What a pool uses., path: "$.pools.{pool}.used", units: true}
- name: disk.busy
  unit: s
  kind: counter
  help: How long a disk was busy.
  path: $.disks[*].busy_ms
  scale: 0.001
  labels: {device: "@.dev"}
`))
	if err != nil {
		fmt.Println(err)
		return
	}
	source := &jsonsource.Source{URL: server.URL, Rules: rules, Strict: true}
	b := &metrics.Batch{}
	if err := source.Collect(context.Background(), b); err != nil {
		fmt.Println(err)
		return
	}
	for _, f := range b.Families()[:4] { // behind them is json.faults
		one := &metrics.Batch{}
		to := one.Family(f.Desc)
		for _, p := range f.Points {
			to.Add(p.Labels, p.Value)
		}
		if err := metrics.Text.Write(os.Stdout, one); err != nil {
			fmt.Println(err)
		}
	}

	// Output:
	// # HELP queue_length Jobs that wait.
	// # TYPE queue_length gauge
	// queue_length 17
	// # HELP healthy Whether it is well.
	// # TYPE healthy gauge
	// healthy 1
	// # HELP pool_used_bytes What a pool uses.
	// # TYPE pool_used_bytes gauge
	// pool_used_bytes{pool="small"} 1572864
	// pool_used_bytes{pool="large"} 1073741824
	// # HELP disk_busy_seconds_total How long a disk was busy.
	// # TYPE disk_busy_seconds_total counter
	// disk_busy_seconds_total{device="sda"} 1.5
	// disk_busy_seconds_total{device="sdb"} 0.02
}
