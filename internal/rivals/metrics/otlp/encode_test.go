package otlp_test

import (
	"bytes"
	"cmp"
	"encoding/hex"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"
	collector "go.opentelemetry.io/proto/slim/otlp/collector/metrics/v1"
	common "go.opentelemetry.io/proto/slim/otlp/common/v1"
	proto1 "go.opentelemetry.io/proto/slim/otlp/metrics/v1"
	resource "go.opentelemetry.io/proto/slim/otlp/resource/v1"
	"google.golang.org/protobuf/proto"

	"github.com/podpatterns/podpatterns/adapter/metrics"
	"github.com/podpatterns/podpatterns/adapter/metrics/otlp"
)

// now is the time of points that have none of their own.
const now = 1772366400_000000000

func TestEncodersAgreeWithTheirPeers(t *testing.T) {
	for seed := range uint64(400) {
		agree(t, seed, 8)
	}
	for seed := range uint64(3) {
		agree(t, seed, 6000)
	}
}

func FuzzEncode(f *testing.F) {
	f.Add(uint64(1), uint8(3))
	f.Fuzz(func(t *testing.T, seed uint64, size uint8) { agree(t, seed, 1+int(size)) })
}

// agree holds what both formats write of a batch against the message that the
// peers' types make of it.
func agree(t *testing.T, seed uint64, most int) {
	r := rand.New(rand.NewPCG(seed, 1))
	b := batch(r, most)
	want := message(b)

	var text bytes.Buffer
	require.NoError(t, otlp.Protobuf{}.Write(&text, b))
	var got collector.ExportMetricsServiceRequest
	require.NoError(t, proto.Unmarshal(text.Bytes(), &got))
	require.Empty(t, got.ProtoReflect().GetUnknown())
	same(t, want, joined(&got))

	text.Reset()
	require.NoError(t, otlp.JSON{}.Write(&text, b))
	request := pmetricotlp.NewExportRequest()
	require.NoError(t, request.UnmarshalJSON(text.Bytes()), text.String())
	again, err := request.MarshalProto()
	require.NoError(t, err)
	var fromJSON collector.ExportMetricsServiceRequest
	require.NoError(t, proto.Unmarshal(again, &fromJSON))
	same(t, want, &fromJSON)
}

func same(t *testing.T, want, got proto.Message) {
	t.Helper()
	if !proto.Equal(want, got) {
		require.Equal(t, fmt.Sprint(want), fmt.Sprint(got))
		t.Fatal("they differ")
	}
}

// joined makes the pieces of one message one piece.
func joined(r *collector.ExportMetricsServiceRequest) *collector.ExportMetricsServiceRequest {
	first := r.ResourceMetrics[0]
	for _, more := range r.ResourceMetrics[1:] {
		if !proto.Equal(first.Resource, more.Resource) {
			panic("another resource")
		}
		all := &first.ScopeMetrics[0].Metrics
		for _, m := range more.ScopeMetrics[0].Metrics {
			if last := (*all)[len(*all)-1]; last.Name == m.Name {
				proto.Merge(last, &proto1.Metric{Data: m.Data})
			} else {
				*all = append(*all, m)
			}
		}
	}
	r.ResourceMetrics = r.ResourceMetrics[:1]
	return r
}

func attributes(l *metrics.Labels) (all []*common.KeyValue) {
	for _, a := range l.All() {
		all = append(all, attribute(a.Name, a.Value))
	}
	return all
}

func attribute(key, value string) *common.KeyValue {
	valid := func(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }
	return &common.KeyValue{Key: valid(key), Value: &common.AnyValue{Value: &common.AnyValue_StringValue{StringValue: valid(value)}}}
}

// message is b by the peers' types.
func message(b *metrics.Batch) *collector.ExportMetricsServiceRequest {
	scope := &proto1.ScopeMetrics{Scope: &common.InstrumentationScope{Name: "github.com/podpatterns/podpatterns/adapter/metrics"}}
	for _, f := range b.Families() {
		if m := metric(f); m != nil {
			scope.Metrics = append(scope.Metrics, m)
		}
	}
	return &collector.ExportMetricsServiceRequest{ResourceMetrics: []*proto1.ResourceMetrics{{
		Resource: &resource.Resource{Attributes: attributes(b.Resource)}, ScopeMetrics: []*proto1.ScopeMetrics{scope},
	}}}
}

func metric(f *metrics.Family) *proto1.Metric {
	m := &proto1.Metric{Name: f.Name, Description: f.Help, Unit: f.Unit}
	over := proto1.AggregationTemporality_AGGREGATION_TEMPORALITY_CUMULATIVE
	if f.Delta {
		over = proto1.AggregationTemporality_AGGREGATION_TEMPORALITY_DELTA
	}
	typed := f.Verbatim && f.Kind != metrics.UpDownCounter && f.Kind != metrics.ExpHistogram
	switch f.Kind {
	case metrics.Unknown, metrics.Gauge:
		m.Data = &proto1.Metric_Gauge{Gauge: &proto1.Gauge{DataPoints: numbers(f)}}
		typed = typed || f.Kind == metrics.Unknown
	case metrics.Counter, metrics.UpDownCounter, metrics.Info, metrics.StateSet:
		m.Data = &proto1.Metric_Sum{Sum: &proto1.Sum{DataPoints: numbers(f), AggregationTemporality: over, IsMonotonic: f.Kind == metrics.Counter}}
		typed = typed || f.Kind == metrics.Info || f.Kind == metrics.StateSet
	case metrics.Histogram:
		h := &proto1.Histogram{AggregationTemporality: over}
		for _, p := range f.Points {
			h.DataPoints = append(h.DataPoints, &proto1.HistogramDataPoint{
				Attributes: attributes(p.Labels), StartTimeUnixNano: uint64(p.Start), TimeUnixNano: uint64(cmp.Or(p.Time, now)),
				Count: p.Buckets.Count, Sum: known(p.Buckets.Sum), BucketCounts: p.Buckets.Counts, ExplicitBounds: p.Buckets.Bounds, Exemplars: exemplars(&p),
			})
		}
		m.Data = &proto1.Metric_Histogram{Histogram: h}
	case metrics.ExpHistogram:
		h := &proto1.ExponentialHistogram{AggregationTemporality: over}
		for _, p := range f.Points {
			h.DataPoints = append(h.DataPoints, &proto1.ExponentialHistogramDataPoint{
				Attributes: attributes(p.Labels), StartTimeUnixNano: uint64(p.Start), TimeUnixNano: uint64(cmp.Or(p.Time, now)),
				Count: p.Exp.Count, Sum: known(p.Exp.Sum), Scale: p.Exp.Scale, ZeroCount: p.Exp.ZeroCount, ZeroThreshold: p.Exp.ZeroThreshold,
				Positive: span(p.Exp.Positive), Negative: span(p.Exp.Negative), Exemplars: exemplars(&p),
			})
		}
		m.Data = &proto1.Metric_ExponentialHistogram{ExponentialHistogram: h}
	case metrics.Summary:
		s := &proto1.Summary{}
		for _, p := range f.Points {
			d := &proto1.SummaryDataPoint{
				Attributes: attributes(p.Labels), StartTimeUnixNano: uint64(p.Start), TimeUnixNano: uint64(cmp.Or(p.Time, now)), Count: p.Quantiles.Count,
			}
			if !math.IsNaN(p.Quantiles.Sum) {
				d.Sum = p.Quantiles.Sum
			}
			for _, q := range p.Quantiles.Quantiles {
				d.QuantileValues = append(d.QuantileValues, &proto1.SummaryDataPoint_ValueAtQuantile{Quantile: q.Q, Value: q.Value})
			}
			s.DataPoints = append(s.DataPoints, d)
		}
		m.Data = &proto1.Metric_Summary{Summary: s}
	default:
		return nil
	}
	if typed {
		m.Metadata = []*common.KeyValue{attribute("prometheus.type", f.Kind.String())}
	}
	return m
}

func known(sum float64) *float64 {
	if math.IsNaN(sum) {
		return nil
	}
	return &sum
}

func span(s metrics.ExpSpan) *proto1.ExponentialHistogramDataPoint_Buckets {
	if len(s.Counts) == 0 {
		return nil
	}
	return &proto1.ExponentialHistogramDataPoint_Buckets{Offset: s.Offset, BucketCounts: s.Counts}
}

func numbers(f *metrics.Family) (all []*proto1.NumberDataPoint) {
	for _, p := range f.Points {
		d := &proto1.NumberDataPoint{Attributes: attributes(p.Labels), StartTimeUnixNano: uint64(p.Start), TimeUnixNano: uint64(cmp.Or(p.Time, now)), Exemplars: exemplars(&p)}
		if n, ok := p.Value.Int(); ok {
			d.Value = &proto1.NumberDataPoint_AsInt{AsInt: n}
		} else {
			d.Value = &proto1.NumberDataPoint_AsDouble{AsDouble: p.Value.Float()}
		}
		all = append(all, d)
	}
	return all
}

func exemplars(p *metrics.Point) (all []*proto1.Exemplar) {
	for _, x := range p.Exemplars {
		e := &proto1.Exemplar{TimeUnixNano: uint64(x.Time), Value: &proto1.Exemplar_AsDouble{AsDouble: x.Value}}
		for _, a := range x.Labels.All() {
			id, err := hex.DecodeString(a.Value)
			switch {
			case a.Name == "trace_id" && err == nil && len(id) == 16:
				e.TraceId = id
			case a.Name == "span_id" && err == nil && len(id) == 8:
				e.SpanId = id
			default:
				e.FilteredAttributes = append(e.FilteredAttributes, attribute(a.Name, a.Value))
			}
		}
		all = append(all, e)
	}
	return all
}
