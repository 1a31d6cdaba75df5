package otlp

import (
	"cmp"
	"io"
	"math"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/podpatterns/podpatterns/adapter/metrics"
	"github.com/podpatterns/podpatterns/internal/jsontext"
)

// JSON is OTLP's ExportMetricsServiceRequest in JSON, as OTLP has it: names in
// camelCase, integers of 64 bits as strings, ids in hex, enumerations as numbers.
// It is written in pieces.
type JSON struct{}

var _ metrics.Format = JSON{}

// ContentType is application/json.
func (JSON) ContentType() string { return "application/json" }

// Write writes b as one message.
func (JSON) Write(w io.Writer, b *metrics.Batch) error {
	j := writers.Get().(*writer)
	defer writers.Put(j)
	return j.write(w, b, time.Now().UnixNano())
}

var writers = sync.Pool{New: func() any { return new(writer) }}

// A writer writes one batch after another. Its put takes JSON as it is.
type writer struct {
	w   io.Writer
	out []byte
	now int64
	err error
}

func (j *writer) write(w io.Writer, b *metrics.Batch, now int64) error {
	j.w, j.now, j.out, j.err = w, now, j.out[:0], nil
	j.put(`{"resourceMetrics":[{"resource":{"attributes":[`)
	j.attributes(b.Resource)
	j.put(`]},"scopeMetrics":[{"scope":{"name":"` + scope + `"},"metrics":[`)
	between := ""
	for _, f := range b.Families() {
		if form, monotonic := formOf(f.Kind); j.err == nil && hasAny(form, f) {
			j.put(between)
			between = ","
			j.family(f, form, monotonic)
		}
	}
	j.put("]}]}]}\n")
	j.flush()
	j.w, j.out = nil, trimmed(j.out)
	return j.err
}

func (j *writer) put(s string) { j.out = append(j.out, s...) }

func (j *writer) flush() {
	if j.err == nil {
		_, j.err = j.w.Write(j.out)
	}
	j.out = j.out[:0]
}

var jsonData = [...]string{gauge: "gauge", sum: "sum", histogram: "histogram", exponential: "exponentialHistogram", summary: "summary"}

func (j *writer) family(f *metrics.Family, form form, monotonic bool) {
	j.put(`{"name":`)
	j.out = jsontext.Append(j.out, f.Name)
	j.text(`,"description":`, f.Help)
	j.text(`,"unit":`, f.Unit)
	if t := prometheusType(f.Desc); t != "" {
		j.put(`,"metadata":[`)
		j.attribute("prometheus.type", t)
		j.put(`]`)
	}
	j.put(`,"` + jsonData[form] + `":{"dataPoints":[`)
	between := ""
	for i := range f.Points {
		p := &f.Points[i]
		if !has(form, p) {
			continue
		}
		j.put(between)
		between = ","
		j.point(form, p)
		if len(j.out) >= piece {
			if j.flush(); j.err != nil {
				return
			}
		}
	}
	j.put(`]`)
	if form != gauge && form != summary {
		j.put(`,"aggregationTemporality":`)
		j.out = strconv.AppendInt(j.out, temporality(f.Desc), 10)
	}
	if monotonic {
		j.put(`,"isMonotonic":true`)
	}
	j.put(`}}`)
}

func (j *writer) point(form form, p *metrics.Point) {
	j.put(`{"timeUnixNano":`)
	j.integer(cmp.Or(p.Time, j.now))
	if p.Start > 0 {
		j.put(`,"startTimeUnixNano":`)
		j.integer(p.Start)
	}
	switch form {
	case histogram:
		j.histogram(p.Buckets)
	case exponential:
		j.exponential(p.Exp)
	case summary:
		j.summary(p.Quantiles)
	default:
		if n, ok := p.Value.Int(); ok {
			j.put(`,"asInt":`)
			j.integer(n)
		} else {
			j.float(`,"asDouble":`, p.Value.Float())
		}
	}
	if p.Labels != nil {
		j.put(`,"attributes":[`)
		j.attributes(p.Labels)
		j.put(`]`)
	}
	if form != summary {
		j.exemplars(p.Exemplars)
	}
	j.put(`}`)
}

func (j *writer) histogram(d *metrics.Buckets) {
	j.counted(d.Count, d.Sum)
	if !hasBuckets(d) {
		return
	}
	j.counts(`,"bucketCounts":[`, d.Counts)
	j.put(`,"explicitBounds":[`)
	for i, b := range d.Bounds {
		j.float(comma(i), b)
	}
	j.put(`]`)
}

func (j *writer) exponential(d *metrics.ExpBuckets) {
	j.counted(d.Count, d.Sum)
	j.put(`,"scale":`)
	j.out = strconv.AppendInt(j.out, int64(d.Scale), 10)
	j.put(`,"zeroCount":`)
	j.unsigned(d.ZeroCount)
	if d.ZeroThreshold != 0 {
		j.float(`,"zeroThreshold":`, d.ZeroThreshold)
	}
	j.span(`,"positive":{"offset":`, &d.Positive)
	j.span(`,"negative":{"offset":`, &d.Negative)
}

func (j *writer) span(name string, s *metrics.ExpSpan) {
	if len(s.Counts) == 0 {
		return
	}
	j.put(name)
	j.out = strconv.AppendInt(j.out, int64(s.Offset), 10)
	j.counts(`,"bucketCounts":[`, s.Counts)
	j.put(`}`)
}

func (j *writer) summary(d *metrics.Quantiles) {
	known := d.Sum
	if math.IsNaN(known) { // there is no other way to say that it is not known
		known = 0
	}
	j.counted(d.Count, known)
	j.put(`,"quantileValues":[`)
	for i, q := range d.Quantiles {
		j.put(comma(i))
		j.float(`{"quantile":`, q.Q)
		j.float(`,"value":`, q.Value)
		j.put(`}`)
	}
	j.put(`]`)
}

func (j *writer) exemplars(all []*metrics.Exemplar) {
	for i, x := range all {
		if i == 0 {
			j.put(`,"exemplars":[`)
		}
		j.put(comma(i))
		j.float(`{"asDouble":`, x.Value)
		if x.Time > 0 {
			j.put(`,"timeUnixNano":`)
			j.integer(x.Time)
		}
		trace, span := traceOf(x.Labels)
		j.text(`,"traceId":`, strings.ToLower(trace))
		j.text(`,"spanId":`, strings.ToLower(span))
		open := `,"filteredAttributes":[`
		for _, a := range x.Labels.All() {
			if !isTraced(a, trace, span) {
				j.put(open)
				open = ","
				j.attribute(a.Name, a.Value)
			}
		}
		if open == "," {
			j.put(`]`)
		}
		j.put(`}`)
	}
	if len(all) > 0 {
		j.put(`]`)
	}
}
