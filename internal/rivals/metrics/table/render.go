package main

import (
	"context"
	"fmt"
	"io"
	"strconv"

	vm "github.com/VictoriaMetrics/metrics"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/expfmt"

	"github.com/podpatterns/podpatterns/adapter/metrics"
)

// renderers write 100 families of 1,000 gauges with two labels.
func renderers(p plan) ([]contender, error) {
	const families = 100
	points := 1000 / p.size
	value := func(f, i int) float64 { return float64(f*i) + 0.25 }
	name := func(f int) string { return fmt.Sprintf("bench_family_%02d_bytes", f) }
	host := func(i int) string { return fmt.Sprintf("host-%03d", i) }

	var heads []string
	var values []float64
	source := metrics.Named{Name: "bench", Source: gauges(families, points, value)}
	ours := new(metrics.Batch)
	if err := source.Collect(context.Background(), ours); err != nil {
		return nil, err
	}
	registry := prometheus.NewRegistry()
	set := vm.NewSet()
	for f := range families {
		vec := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: name(f), Help: "A family."}, []string{"host_name", "zone"})
		registry.MustRegister(vec)
		for i := range points {
			head := fmt.Sprintf(`%s{host_name="%s",zone="zone-a"} `, name(f), host(i))
			heads, values = append(heads, head), append(values, value(f, i))
			vec.WithLabelValues(host(i), "zone-a").Set(value(f, i))
			set.NewGauge(head[:len(head)-1], func() float64 { return value(f, i) })
		}
	}
	size := new(counter)
	if err := metrics.Text.Write(size, ours); err != nil {
		return nil, err
	}
	exporter := &metrics.Exporter{Sources: []metrics.Source{source}}
	settled := new(metrics.Batch)
	buffer := make([]byte, 0, int(*size))
	all := []contender{
		{name: "floor: labels ready as text, AppendFloat", run: func() error {
			buffer = buffer[:0]
			for i, head := range heads {
				buffer = append(buffer, head...)
				buffer = append(strconv.AppendFloat(buffer, values[i], 'g', -1, 64), '\n')
			}
			return nil
		}},
		{name: "podpatterns, text 0.0.4", run: func() error { return metrics.Text.Write(io.Discard, ours) }},
		{name: "podpatterns, OpenMetrics", run: func() error { return metrics.OpenMetrics.Write(io.Discard, ours) }},
		{name: "podpatterns, JSON", run: func() error { return metrics.JSON.Write(io.Discard, ours) }},
		{name: "podpatterns, collected by an Exporter, copied and written as text", run: func() error {
			settled.Reset()
			if err := exporter.Collect(context.Background(), settled); err != nil {
				return err
			}
			return metrics.Text.Write(io.Discard, settled)
		}},
		{name: "VictoriaMetrics/metrics", run: func() error { set.WritePrometheus(io.Discard); return nil }},
		{name: "client_golang, GaugeVec", run: func() error {
			families, err := registry.Gather()
			if err != nil {
				return err
			}
			encoder := expfmt.NewEncoder(io.Discard, expfmt.NewFormat(expfmt.TypeTextPlain))
			for _, f := range families {
				if err := encoder.Encode(f); err != nil {
					return err
				}
			}
			return nil
		}},
	}
	for i := range all {
		all[i].bytes = int(*size)
	}
	return all, nil
}

// gauges is a source whose labels are made once.
func gauges(families, points int, value func(f, i int) float64) metrics.Func {
	descs, labels := make([]metrics.Desc, families), make([]*metrics.Labels, points)
	for f := range descs {
		descs[f] = metrics.Desc{Name: fmt.Sprintf("bench.family.%02d", f), Unit: "By", Kind: metrics.Gauge, Help: "A family."}
	}
	for i := range labels {
		labels[i] = metrics.NewLabels("host.name", fmt.Sprintf("host-%03d", i), "zone", "zone-a")
	}
	return func(_ context.Context, b *metrics.Batch) error {
		for f, d := range descs {
			family := b.Family(d)
			for i, l := range labels {
				family.Add(l, metrics.Float(value(f, i)))
			}
		}
		return nil
	}
}

// A counter counts bytes.
type counter int

func (c *counter) Write(p []byte) (int, error) { *c += counter(len(p)); return len(p), nil }
