package metrics

import (
	"io"
	"math"
	"strconv"

	"github.com/podpatterns/podpatterns/internal/jsontext"
)

// JSON is a format for shells, tests and pages:
//
//	{"resource":{"service.name":"web"},"families":[
//	{"name":"http.requests","prometheus":"http_requests_total","unit":"{request}","kind":"counter","help":"…","points":[
//	{"labels":{"code":"200"},"start":1700000000.5,"value":12}]}
//	]}
//
// A family has "delta":true where its points have only what came since their
// start. What is empty, 0 as a time, or false is left out; labels and points are
// always there. Times are Unix seconds. A value that JSON has no number for is
// "NaN", "+Inf" or "-Inf". In place of value a histogram has
// {"bounds":[…],"counts":[…],"count":n,"sum":x}, each count of its bucket alone
// and the last one above all bounds; an exponential one
// {"scale":n,"zero_threshold":x,"zero_count":n,"positive":{"offset":n,"counts":[…]},"negative":{…},"count":n,"sum":x};
// a summary {"quantiles":[{"quantile":0.5,"value":x}],"count":n,"sum":x}; under
// "histogram", "exponential" and "summary". A sum that is not known is left out.
// Exemplars are [{"labels":{…},"value":x,"time":t}].
var JSON Format = jsonFormat{}

type jsonFormat struct{}

func (jsonFormat) ContentType() string { return "application/json" }

func (jsonFormat) Write(w io.Writer, b *Batch) error {
	j := jsonWriters.get()
	defer jsonWriters.put(j)
	j.begin(w)
	j.batch(b)
	return j.end()
}

var jsonWriters kept[jsonWriter]

type jsonWriter struct {
	chunks
	names names
}

func (j *jsonWriter) batch(b *Batch) {
	j.put(`{"resource":`)
	j.labels(b.Resource)
	j.put(`,"families":[`)
	for i, f := range b.families {
		j.next(i)
		j.family(f)
		if j.err != nil {
			return
		}
	}
	j.put("\n]}\n")
}

func (j *jsonWriter) put(s string) { j.out = append(j.out, s...) }

// next comes before each element of a list of lines.
func (j *jsonWriter) next(i int) {
	j.comma(i)
	j.put("\n")
}

func (j *jsonWriter) family(f *Family) {
	j.put(`{"name":`)
	j.text(f.Name)
	j.put(`,"prometheus":`)
	j.text(j.names.of(f.Desc).text)
	j.member(`,"unit":`, f.Unit)
	j.member(`,"kind":`, f.Kind.String())
	if f.Delta {
		j.put(`,"delta":true`)
	}
	j.member(`,"help":`, f.Help)
	j.put(`,"points":[`)
	for i := range f.Points {
		j.next(i)
		j.point(&f.Points[i])
		j.full()
		if j.err != nil {
			return
		}
	}
	j.put("]}")
}

func (j *jsonWriter) point(p *Point) {
	j.put(`{"labels":`)
	j.labels(p.Labels)
	j.time(`,"start":`, p.Start)
	j.time(`,"time":`, p.Time)
	switch {
	case p.Buckets != nil:
		j.buckets(p.Buckets)
	case p.Exp != nil:
		j.exponential(p.Exp)
	case p.Quantiles != nil:
		j.quantiles(p.Quantiles)
	default:
		j.put(`,"value":`)
		j.value(p.Value)
	}
	for i, e := range p.Exemplars {
		j.list(`,"exemplars":[`, i)
		j.put(`{"labels":`)
		j.labels(e.Labels)
		j.put(`,"value":`)
		j.float(e.Value)
		j.time(`,"time":`, e.Time)
		j.put("}")
	}
	if len(p.Exemplars) > 0 {
		j.put("]")
	}
	j.put("}")
}

func (j *jsonWriter) list(open string, i int) {
	if i > 0 {
		open = ","
	}
	j.put(open)
}

func (j *jsonWriter) comma(i int) {
	if i > 0 {
		j.put(",")
	}
}

func (j *jsonWriter) member(name, value string) {
	if value != "" {
		j.put(name)
		j.text(value)
	}
}

func (j *jsonWriter) time(name string, nanos int64) {
	if nanos != 0 {
		j.put(name)
		j.out = appendSeconds(j.out, nanos)
	}
}

func (j *jsonWriter) value(v Value) {
	if n, ok := v.Int(); ok {
		j.out = strconv.AppendInt(j.out, n, 10)
		return
	}
	j.float(v.Float())
}

func (j *jsonWriter) float(v float64) {
	quoted := math.IsNaN(v) || math.IsInf(v, 0)
	if quoted {
		j.put(`"`)
	}
	j.out = appendFloat(j.out, v, false)
	if quoted {
		j.put(`"`)
	}
}

func (j *jsonWriter) labels(l *Labels) {
	j.put("{")
	for i, a := range l.All() {
		j.comma(i)
		j.text(a.Name)
		j.put(":")
		j.text(a.Value)
	}
	j.put("}")
}

// text writes a string, of which what is not UTF-8 is replaced.
func (j *jsonWriter) text(s string) { j.out = jsontext.Append(j.out, s) }
