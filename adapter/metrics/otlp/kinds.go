package otlp

import (
	"strings"
	"unicode/utf8"

	"github.com/podpatterns/podpatterns/adapter/metrics"
)

// scope is what the metrics are said to come from.
const scope = "github.com/podpatterns/podpatterns/adapter/metrics"

// A form is which of OTLP's kinds of data a family becomes.
type form uint8

const (
	none form = iota // there is no such thing
	gauge
	sum
	histogram
	exponential
	summary
)

// formOf follows "Prometheus and OpenMetrics Compatibility": what is unknown is a
// gauge, info and state sets are sums that may fall, gauge histograms are left
// out.
func formOf(k metrics.Kind) (f form, monotonic bool) {
	switch k {
	case metrics.Unknown, metrics.Gauge:
		return gauge, false
	case metrics.Counter:
		return sum, true
	case metrics.UpDownCounter, metrics.Info, metrics.StateSet:
		return sum, false
	case metrics.Histogram:
		return histogram, false
	case metrics.ExpHistogram:
		return exponential, false
	case metrics.Summary:
		return summary, false
	}
	return none, false
}

// prometheusType is the value of the metadata prometheus.type, empty where the
// family is not Prometheus' own and its kind is known without.
func prometheusType(d metrics.Desc) string {
	switch d.Kind {
	case metrics.Unknown, metrics.Info, metrics.StateSet:
		return d.Kind.String()
	case metrics.Gauge, metrics.Counter, metrics.Histogram, metrics.Summary:
		if d.Verbatim {
			return d.Kind.String()
		}
	}
	return ""
}

// temporality is OTLP's AggregationTemporality.
func temporality(d metrics.Desc) int64 {
	if d.Delta {
		return 1
	}
	return 2
}

// has tells whether a point has the data of its family's form.
func has(f form, p *metrics.Point) bool {
	switch f {
	case gauge, sum:
		return true
	case histogram:
		return p.Buckets != nil
	case exponential:
		return p.Exp != nil
	case summary:
		return p.Quantiles != nil
	}
	return false
}

// hasAny tells whether a family has any such point.
func hasAny(form form, f *metrics.Family) bool {
	for i := range f.Points {
		if has(form, &f.Points[i]) {
			return true
		}
	}
	return false
}

// maxKept is how large a buffer may be that is used again, in bytes.
const maxKept = 1 << 20

func trimmed(buf []byte) []byte {
	if cap(buf) > maxKept {
		return nil
	}
	return buf[:0]
}

// valid is s as UTF-8, which both encodings have to be.
func valid(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}

// traceOf takes the ids out of an exemplar's labels: 32 and 16 hex digits, not
// all zeros.
func traceOf(l *metrics.Labels) (trace, span string) {
	for _, a := range l.All() {
		switch {
		case a.Name == "trace_id" && isID(a.Value, 32):
			trace = a.Value
		case a.Name == "span_id" && isID(a.Value, 16):
			span = a.Value
		}
	}
	return trace, span
}

func isID(s string, digits int) bool {
	if len(s) != digits || strings.Trim(s, "0") == "" {
		return false
	}
	for i := range len(s) {
		c := s[i] | 0x20
		if !('0' <= s[i] && s[i] <= '9' || 'a' <= c && c <= 'f') {
			return false
		}
	}
	return true
}

// isTraced tells whether a label went into the ids.
func isTraced(a metrics.Label, trace, span string) bool {
	return a.Name == "trace_id" && a.Value == trace || a.Name == "span_id" && a.Value == span
}
