package metricstest_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/podpatterns/podpatterns/adapter/metrics"
	"github.com/podpatterns/podpatterns/adapter/metrics/metricstest"
)

// What an exporter does with a source that fails.
func ExampleSource() {
	good, bad := &metricstest.Source{Name: "good"}, &metricstest.Source{Name: "bad"}
	good.Gauge("disk_free_bytes", 4096)
	bad.Fail(errors.New("no disk"))
	exporter := &metrics.Exporter{Sources: []metrics.Source{good, bad}}

	var batch metrics.Batch
	if err := exporter.Collect(context.Background(), &batch); err != nil {
		panic(err)
	}
	for _, family := range batch.Families() {
		if family.Name == "source_duration" || family.Name == "source.duration" {
			continue
		}
		for _, point := range family.Points {
			fmt.Println(family.Name, point.Labels.Text(), point.Value.Float())
		}
	}
	// Output:
	// disk_free_bytes  4096
	// up source="bad" 0
	// up source="good" 1
}
