package otlp_test

import (
	"os"

	"github.com/podpatterns/podpatterns/adapter/metrics"
	"github.com/podpatterns/podpatterns/adapter/metrics/otlp"
)

func ExampleJSON() {
	var batch metrics.Batch
	batch.Resource = metrics.NewLabels("service.name", "web")
	batch.Gauge("process.thread.count", "{thread}", "", metrics.Int(7)).Time = 1_700_000_000_000_000_000
	if err := (otlp.JSON{}).Write(os.Stdout, &batch); err != nil {
		panic(err)
	}
	// Output:
	// {"resourceMetrics":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"web"}}]},"scopeMetrics":[{"scope":{"name":"github.com/podpatterns/podpatterns/adapter/metrics"},"metrics":[{"name":"process.thread.count","unit":"{thread}","gauge":{"dataPoints":[{"timeUnixNano":"1700000000000000000","asInt":"7"}]}}]}]}]}
}
