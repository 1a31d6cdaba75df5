package metrics

import (
	"math"
	"strconv"
)

func (j *jsonWriter) buckets(d *Buckets) {
	j.put(`,"histogram":{"bounds":[`)
	for i, b := range d.Bounds {
		j.comma(i)
		j.float(b)
	}
	j.put(`],"counts":`)
	j.counts(d.Counts)
	j.total(d.Count, d.Sum)
}

func (j *jsonWriter) exponential(d *ExpBuckets) {
	j.put(`,"exponential":{"scale":`)
	j.out = strconv.AppendInt(j.out, int64(d.Scale), 10)
	j.put(`,"zero_threshold":`)
	j.float(d.ZeroThreshold)
	j.put(`,"zero_count":`)
	j.out = strconv.AppendUint(j.out, d.ZeroCount, 10)
	j.span(`,"positive":{"offset":`, d.Positive)
	j.span(`,"negative":{"offset":`, d.Negative)
	j.total(d.Count, d.Sum)
}

func (j *jsonWriter) span(name string, s ExpSpan) {
	if len(s.Counts) == 0 {
		return
	}
	j.put(name)
	j.out = strconv.AppendInt(j.out, int64(s.Offset), 10)
	j.put(`,"counts":`)
	j.counts(s.Counts)
	j.put("}")
}

func (j *jsonWriter) quantiles(d *Quantiles) {
	j.put(`,"summary":{"quantiles":[`)
	for i, q := range d.Quantiles {
		j.comma(i)
		j.put(`{"quantile":`)
		j.float(q.Q)
		j.put(`,"value":`)
		j.float(q.Value)
		j.put("}")
	}
	j.put("]")
	j.total(d.Count, d.Sum)
}

func (j *jsonWriter) counts(all []uint64) {
	j.put("[")
	for i, n := range all {
		j.comma(i)
		j.out = strconv.AppendUint(j.out, n, 10)
	}
	j.put("]")
}

func (j *jsonWriter) total(count uint64, sum float64) {
	j.put(`,"count":`)
	j.out = strconv.AppendUint(j.out, count, 10)
	if !math.IsNaN(sum) {
		j.put(`,"sum":`)
		j.float(sum)
	}
	j.put("}")
}
