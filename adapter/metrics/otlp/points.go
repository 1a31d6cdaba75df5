package otlp

import (
	"cmp"
	"encoding/binary"
	"math"

	"github.com/podpatterns/podpatterns/adapter/metrics"
	"github.com/podpatterns/podpatterns/internal/protobuf"
)

// The numbers of a data point's fields. Those of the times are the same in all;
// the others go by the message.
const (
	pointStart = 2
	pointTime  = 3

	numberFloat      = 4
	numberExemplars  = 5
	numberInt        = 6
	numberAttributes = 7

	histogramCount      = 4
	histogramSum        = 5
	histogramCounts     = 6
	histogramBounds     = 7
	histogramExemplars  = 8
	histogramAttributes = 9

	exponentialAttributes = 1
	exponentialCount      = 4
	exponentialSum        = 5
	exponentialScale      = 6
	exponentialZeros      = 7
	exponentialPositive   = 8
	exponentialNegative   = 9
	exponentialExemplars  = 11
	exponentialThreshold  = 14
	spanOffset            = 1
	spanCounts            = 2

	summaryCount      = 4
	summarySum        = 5
	summaryQuantiles  = 6
	summaryAttributes = 7
	quantileQ         = 1
	quantileValue     = 2

	exemplarTime       = 2
	exemplarFloat      = 3
	exemplarSpan       = 4
	exemplarTrace      = 5
	exemplarAttributes = 7
)

func (e *encoder) point(f form, p *metrics.Point) {
	if f == exponential {
		e.out = attributes(e.out, exponentialAttributes, p.Labels)
	}
	e.out = appendTime(e.out, pointStart, p.Start)
	e.out = appendTime(e.out, pointTime, cmp.Or(p.Time, e.now))
	switch f {
	case histogram:
		e.histogram(p)
	case exponential:
		e.exponential(p)
	case summary:
		e.summary(p)
	default:
		e.number(p)
	}
}

func (e *encoder) number(p *metrics.Point) {
	n, isInt := p.Value.Int()
	if !isInt {
		e.out = appendFloat(e.out, numberFloat, p.Value.Float())
	}
	e.exemplars(numberExemplars, p)
	if isInt {
		e.out = protobuf.AppendFixed64(e.out, numberInt, n)
	}
	e.out = attributes(e.out, numberAttributes, p.Labels)
}

func (e *encoder) histogram(p *metrics.Point) {
	d := p.Buckets
	e.out = appendCount(e.out, histogramCount, d.Count)
	e.out = appendSum(e.out, histogramSum, d.Sum)
	if hasBuckets(d) {
		e.out = appendPacked(e.out, histogramCounts, d.Counts, func(n uint64) uint64 { return n })
		e.out = appendPacked(e.out, histogramBounds, d.Bounds, math.Float64bits)
	}
	e.exemplars(histogramExemplars, p)
	e.out = attributes(e.out, histogramAttributes, p.Labels)
}

// hasBuckets tells whether the buckets are what a receiver must get: one more
// count than bounds, or else none of both.
func hasBuckets(d *metrics.Buckets) bool { return len(d.Counts) == len(d.Bounds)+1 }

func (e *encoder) exponential(p *metrics.Point) {
	d := p.Exp
	e.out = appendCount(e.out, exponentialCount, d.Count)
	e.out = appendSum(e.out, exponentialSum, d.Sum)
	e.out = appendZigzag(e.out, exponentialScale, d.Scale)
	e.out = appendCount(e.out, exponentialZeros, d.ZeroCount)
	e.span(exponentialPositive, &d.Positive)
	e.span(exponentialNegative, &d.Negative)
	e.exemplars(exponentialExemplars, p)
	if d.ZeroThreshold != 0 {
		e.out = appendFloat(e.out, exponentialThreshold, d.ZeroThreshold)
	}
}

func (e *encoder) span(field byte, s *metrics.ExpSpan) {
	if len(s.Counts) == 0 {
		return
	}
	begin := len(e.out)
	e.out = appendZigzag(e.out, spanOffset, s.Offset)
	counts := len(e.out)
	for _, n := range s.Counts {
		e.out = binary.AppendUvarint(e.out, n)
	}
	e.out = protobuf.Wrap(e.out, counts, spanCounts)
	e.out = protobuf.Wrap(e.out, begin, field)
}

func (e *encoder) summary(p *metrics.Point) {
	d := p.Quantiles
	e.out = appendCount(e.out, summaryCount, d.Count)
	if d.Sum != 0 && !math.IsNaN(d.Sum) { // there is no other way to say that it is not known than 0
		e.out = appendFloat(e.out, summarySum, d.Sum)
	}
	for _, q := range d.Quantiles {
		begin := len(e.out)
		if q.Q != 0 {
			e.out = appendFloat(e.out, quantileQ, q.Q)
		}
		if math.Float64bits(q.Value) != 0 {
			e.out = appendFloat(e.out, quantileValue, q.Value)
		}
		e.out = protobuf.Wrap(e.out, begin, summaryQuantiles)
	}
	e.out = attributes(e.out, summaryAttributes, p.Labels)
}

func (e *encoder) exemplars(field byte, p *metrics.Point) {
	for _, x := range p.Exemplars {
		begin := len(e.out)
		trace, span := traceOf(x.Labels)
		e.out = appendTime(e.out, exemplarTime, x.Time)
		e.out = appendFloat(e.out, exemplarFloat, x.Value)
		e.out = appendID(e.out, exemplarSpan, span)
		e.out = appendID(e.out, exemplarTrace, trace)
		for _, a := range x.Labels.All() {
			if !isTraced(a, trace, span) {
				e.out = attribute(e.out, exemplarAttributes, a.Name, a.Value)
			}
		}
		e.out = protobuf.Wrap(e.out, begin, field)
	}
}

// appendSum appends a sum that is known, 0 too: it is optional.
func appendSum(b []byte, field byte, v float64) []byte {
	if math.IsNaN(v) {
		return b
	}
	return appendFloat(b, field, v)
}
