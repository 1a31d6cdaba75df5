package otlp

import (
	"encoding/binary"
	"encoding/hex"
	"io"
	"math"
	"sync"
	"time"

	"github.com/podpatterns/podpatterns/adapter/metrics"
	"github.com/podpatterns/podpatterns/internal/protobuf"
)

// Protobuf is OTLP's ExportMetricsServiceRequest in protobuf. A batch that is
// larger than 64 KiB comes as several ResourceMetrics with the same resource, so
// that it can be written in pieces: a family may go on in the next.
type Protobuf struct{}

var _ metrics.Format = Protobuf{}

// ContentType is application/x-protobuf.
func (Protobuf) ContentType() string { return "application/x-protobuf" }

// Write writes b as one message.
func (Protobuf) Write(w io.Writer, b *metrics.Batch) error {
	e := encoders.Get().(*encoder)
	defer encoders.Put(e)
	err := e.write(w, b, time.Now().UnixNano())
	e.w, e.out, e.head = nil, trimmed(e.out), trimmed(e.head)
	return err
}

var encoders = sync.Pool{New: func() any { return new(encoder) }}

// piece is the size from which on a piece is written.
const piece = 64 << 10

// An encoder writes one batch after another.
type encoder struct {
	w     io.Writer
	out   []byte
	head  []byte // resource, which each piece begins with
	scope int    // where the ScopeMetrics in hand begins
	empty bool   // the piece in hand, which is not the first, has no metrics
	now   int64
}

// The numbers of fields, of each message by its name.
const (
	requestResourceMetrics = 1

	resourceMetricsResource = 1
	resourceMetricsScope    = 2
	resourceAttributes      = 1
	scopeMetricsScope       = 1
	scopeMetricsMetrics     = 2
	scopeName               = 1

	metricName     = 1
	metricHelp     = 2
	metricUnit     = 3
	metricMetadata = 12

	dataPoints      = 1
	dataTemporality = 2
	dataMonotonic   = 3
)

// metricData are the fields of a Metric by its form.
var metricData = [...]byte{gauge: 5, sum: 7, histogram: 9, exponential: 10, summary: 11}

func (e *encoder) write(w io.Writer, b *metrics.Batch, now int64) error {
	e.w, e.now, e.out = w, now, e.out[:0]
	e.head = attributes(e.head[:0], resourceAttributes, b.Resource)
	e.head = protobuf.Wrap(e.head, 0, resourceMetricsResource)
	e.begin()
	e.empty = false
	for _, f := range b.Families() {
		if err := e.family(f); err != nil {
			return err
		}
	}
	if e.empty {
		return nil
	}
	return e.end()
}

// begin begins a piece.
func (e *encoder) begin() {
	e.out = append(e.out[:0], e.head...)
	e.scope = len(e.out)
	e.out = protobuf.AppendLength(e.out, scopeMetricsScope, protobuf.SizeField(len(scope)))
	e.out = protobuf.AppendField(e.out, scopeName, scope)
}

func (e *encoder) end() error {
	e.out = protobuf.Wrap(e.out, e.scope, resourceMetricsScope)
	e.out = protobuf.Wrap(e.out, 0, requestResourceMetrics)
	_, err := e.w.Write(e.out)
	return err
}

func (e *encoder) family(f *metrics.Family) error {
	form, monotonic := formOf(f.Kind)
	for i := 0; form != none && i < len(f.Points); {
		metric := len(e.out)
		e.out = protobuf.AppendText(e.out, metricName, valid(f.Name))
		e.out = protobuf.AppendText(e.out, metricHelp, valid(f.Help))
		e.out = protobuf.AppendText(e.out, metricUnit, valid(f.Unit))
		data := len(e.out)
		for ; i < len(f.Points) && (len(e.out) < piece || len(e.out) == data); i++ {
			if p := &f.Points[i]; has(form, p) {
				begin := len(e.out)
				e.point(form, p)
				e.out = protobuf.Wrap(e.out, begin, dataPoints)
			}
		}
		if len(e.out) == data { // none has data
			e.out = e.out[:metric]
			return nil
		}
		if form != gauge && form != summary {
			e.out = protobuf.AppendNumber(e.out, dataTemporality, temporality(f.Desc))
		}
		if monotonic {
			e.out = protobuf.AppendVarint(e.out, dataMonotonic, 1)
		}
		e.out = protobuf.Wrap(e.out, data, metricData[form])
		if t := prometheusType(f.Desc); t != "" {
			e.out = attribute(e.out, metricMetadata, "prometheus.type", t)
		}
		e.out = protobuf.Wrap(e.out, metric, scopeMetricsMetrics)
		e.empty = false
		if len(e.out) >= piece {
			if err := e.end(); err != nil {
				return err
			}
			e.begin()
			e.empty = true
		}
	}
	return nil
}

// attributes appends labels as KeyValues.
func attributes(b []byte, field byte, l *metrics.Labels) []byte {
	for _, a := range l.All() {
		b = attribute(b, field, a.Name, a.Value)
	}
	return b
}

func attribute(b []byte, field byte, key, value string) []byte {
	const keyField, valueField, stringValue = 1, 2, 1
	key, value = valid(key), valid(value)
	text := protobuf.SizeField(len(value))
	b = protobuf.AppendLength(b, field, protobuf.SizeField(len(key))+protobuf.SizeField(text))
	b = protobuf.AppendField(b, keyField, key)
	b = protobuf.AppendLength(b, valueField, text)
	return protobuf.AppendField(b, stringValue, value)
}

func appendFloat(b []byte, field byte, v float64) []byte {
	return protobuf.AppendFixed64(b, field, int64(math.Float64bits(v)))
}

// appendTime appends a time if there is one.
func appendTime(b []byte, field byte, ns int64) []byte {
	if ns <= 0 {
		return b
	}
	return protobuf.AppendFixed64(b, field, ns)
}

// appendCount appends a uint64 unless it is 0.
func appendCount(b []byte, field byte, n uint64) []byte {
	if n == 0 {
		return b
	}
	return protobuf.AppendFixed64(b, field, int64(n))
}

// appendID appends the bytes of an id in hex, if there is one.
func appendID(b []byte, field byte, digits string) []byte {
	if digits == "" {
		return b
	}
	b = protobuf.AppendLength(b, field, len(digits)/2)
	b, _ = hex.AppendDecode(b, []byte(digits))
	return b
}

func appendZigzag(b []byte, field byte, v int32) []byte {
	return protobuf.AppendNumber(b, field, int64(uint32(v<<1)^uint32(v>>31)))
}

// appendPacked appends values of eight bytes.
func appendPacked[T any](b []byte, field byte, all []T, bits func(T) uint64) []byte {
	if len(all) == 0 {
		return b
	}
	b = protobuf.AppendLength(b, field, 8*len(all))
	for _, v := range all {
		b = binary.LittleEndian.AppendUint64(b, bits(v))
	}
	return b
}
