package metrics

import "math"

// A Value is an int64 or a float64. The zero value is the integer 0.
type Value struct {
	bits  uint64
	float bool
}

// Int is a value that is exact over all of int64.
func Int(v int64) Value { return Value{bits: uint64(v)} }

// Float is any other value, NaN and the infinities included.
func Float(v float64) Value { return Value{bits: math.Float64bits(v), float: true} }

// Int tells the integer, if v is one.
func (v Value) Int() (n int64, ok bool) { return int64(v.bits), !v.float }

// Float is v as a float64, which an integer above 2^53 may not be exactly.
func (v Value) Float() float64 {
	if v.float {
		return math.Float64frombits(v.bits)
	}
	return float64(int64(v.bits))
}

// Buckets are the data of a Histogram.
type Buckets struct {
	Bounds []float64 // upper ones, inclusive, growing, without +Inf
	Counts []uint64  // one more than Bounds, each of its bucket alone
	Count  uint64    // of all
	Sum    float64   // NaN: not known
}

// ExpBuckets are the data of an ExpHistogram. Bucket i has what is above
// 2^(2^-Scale·i), up to and with 2^(2^-Scale·(i+1)).
type ExpBuckets struct {
	Scale              int32   // from -10 to 20
	ZeroThreshold      float64 // up to which a measurement counts as 0
	ZeroCount          uint64  // of these
	Positive, Negative ExpSpan // of what lies on either side of 0
	Count              uint64  // of all
	Sum                float64 // NaN: not known
}

// An ExpSpan is a row of buckets of an ExpHistogram.
type ExpSpan struct {
	Offset int32    // of the first of Counts
	Counts []uint64 // each of its bucket alone
}

// Quantiles are the data of a Summary.
type Quantiles struct {
	Quantiles []Quantile // growing
	Count     uint64     // of all
	Sum       float64    // NaN: not known
}

// A Quantile is one of Quantiles.
type Quantile struct {
	Q     float64 // from 0 to 1
	Value float64 // below which Q of all are
}

// An Exemplar is one of the measurements that a point counts.
type Exemplar struct {
	Labels *Labels // as trace_id
	Value  float64 // as it was measured
	Time   int64   // in Unix nanoseconds; 0: not known
}
