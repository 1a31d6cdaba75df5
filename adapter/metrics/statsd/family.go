package statsd

import (
	"strings"
	"time"

	"github.com/podpatterns/podpatterns/adapter/metrics"
)

// A family is all series of one name in Prometheus.
type family struct {
	desc     metrics.Desc
	key      string   // its name
	takes    []string // all names that it has in the exposition, which no other one may have
	op       op
	observer *Observer
	series   []*series
	by       map[string]*series // by the labels' text
	over     *series            // of the samples that are over the limit
}

// overflow marks the series of what is over the limit, as the metrics SDK of
// OpenTelemetry does.
var overflow = metrics.NewLabels("otel_metric_overflow", "true")

// keyOf is the name that a family has in Prometheus, without the _total of a
// counter. So a counter and a timer of one StatsD name, which is what clients
// send, are two families.
func keyOf(name string, o op) string {
	d := metrics.Desc{Name: name}
	switch o {
	case opCounter:
		d.Kind = metrics.Counter
		return strings.TrimSuffix(d.PrometheusName(), "_total")
	case opGauge, opSet:
		d.Kind = metrics.Gauge
	case opTimer:
		d.Kind, d.Unit = metrics.Histogram, "s"
	default:
		d.Kind = metrics.Histogram
	}
	return d.PrometheusName()
}

// same says whether samples of o can be in family f.
func (f *family) same(o op) bool {
	return f.op == o || f.op >= opTimer && f.op <= opDistribution && o >= opTimer && o <= opDistribution
}

// halfOf is the half of the window that now is in.
func (f *family) halfOf(now int64) int64 { return now / int64(f.observer.window()/2) }

func newFamily(name, key, help string, o op, observer *Observer) *family {
	f := &family{key: key, op: o, observer: observer, by: map[string]*series{}, takes: []string{key}}
	f.desc = metrics.Desc{Name: name, Help: help}
	also := func(suffixes ...string) {
		for _, s := range suffixes {
			f.takes = append(f.takes, key+s)
		}
	}
	switch {
	case o == opCounter:
		f.desc.Kind = metrics.Counter
		also("_total", "_created")
		return f
	case o == opGauge || o == opSet:
		f.desc.Kind = metrics.Gauge
		return f
	case o == opTimer:
		f.desc.Unit = "s"
	}
	also("_sum", "_count", "_bucket", "_created")
	switch observer.Kind {
	case Histogram:
		f.desc.Kind = metrics.Histogram
	case Exponential:
		f.desc.Kind = metrics.ExpHistogram
	default:
		f.desc.Kind = metrics.Summary
	}
	return f
}

// fresh is a series of f without samples.
func (f *family) fresh(labels *metrics.Labels, now int64, ttl time.Duration) *series {
	s := &series{labels: labels, start: now, seen: now, ttl: int64(ttl)}
	switch {
	case f.op == opSet:
		s.set = &set{}
	case f.op < opTimer:
	case f.observer.Kind == Histogram:
		s.bounds = f.observer.buckets(f.op == opTimer)
		s.weights = make([]float64, len(s.bounds)+1)
	case f.observer.Kind == Exponential:
		s.exp = newExponential()
	default:
		s.window = newWindow()
	}
	return s
}
