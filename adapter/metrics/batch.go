package metrics

// A Batch is what one collection brings: families, each with its points, and
// the resource that all of them are about. It is used again and again, so that
// collecting costs no memory once it has grown. The zero value is ready to use.
// It is not safe for several goroutines at once.
type Batch struct {
	// Resource is what the points are of, as service.name and container.id. Nil:
	// nothing is said.
	Resource *Labels

	families []*Family
	spare    []*Family
	buckets  arena[Buckets]
	exp      arena[ExpBuckets]
	quantile arena[Quantiles]
	exemplar arena[Exemplar]

	limits        limits
	points, bytes int
	err           error
	beyond        Point // what is added beyond the limits
}

// A Family is the points of one Desc.
type Family struct {
	Desc
	Points []Point

	batch *Batch
}

// A Point is one series at one time.
type Point struct {
	Labels *Labels
	Start  int64 // since when it counts, in Unix nanoseconds; 0: not known
	Time   int64 // in Unix nanoseconds; 0: now, whenever that is for who reads it
	Value  Value // of all kinds but the three below

	// Of each kind that has more than a Value exactly one is set. They belong to
	// the Batch, and live as long as what it collected.
	Buckets   *Buckets    // of a Histogram or GaugeHistogram
	Exp       *ExpBuckets // of an ExpHistogram
	Quantiles *Quantiles  // of a Summary

	// Exemplars are those of a Histogram's buckets, or the one of a Counter.
	Exemplars []*Exemplar
}

// Families are those that were added, in the order of that.
func (b *Batch) Families() []*Family { return b.families }

// Family adds a family without points. It does not look for one of the same
// name: a source adds each once, and an Exporter settles what several have.
func (b *Batch) Family(d Desc) *Family {
	var f *Family
	if n := len(b.spare); n > 0 {
		f, b.spare = b.spare[n-1], b.spare[:n-1]
	} else {
		f = new(Family)
	}
	f.Desc, f.Points, f.batch = d, f.Points[:0], b
	b.families = append(b.families, f)
	return f
}

// Add adds a point, and returns it for what else is to be set. It is valid up
// to the next Add.
func (f *Family) Add(l *Labels, v Value) *Point {
	if f.batch != nil && !f.batch.admit(l) {
		f.batch.beyond = Point{}
		return &f.batch.beyond
	}
	f.Points = append(f.Points, Point{Labels: l, Value: v})
	return &f.Points[len(f.Points)-1]
}

// Gauge adds a family of one point.
func (b *Batch) Gauge(name, unit, help string, v Value) *Point {
	return b.Family(Desc{Name: name, Unit: unit, Kind: Gauge, Help: help}).Add(nil, v)
}

// Counter adds a family of one point, which counts since start in Unix
// nanoseconds, or 0.
func (b *Batch) Counter(name, unit, help string, v Value, start int64) *Point {
	p := b.Family(Desc{Name: name, Unit: unit, Kind: Counter, Help: help}).Add(nil, v)
	p.Start = start
	return p
}

// NewBuckets returns data for a Histogram, with slices of length 0 to append to.
func (b *Batch) NewBuckets() *Buckets {
	d := b.buckets.next()
	*d = Buckets{Bounds: d.Bounds[:0], Counts: d.Counts[:0]}
	return d
}

// NewExpBuckets returns data for an ExpHistogram, with slices of length 0.
func (b *Batch) NewExpBuckets() *ExpBuckets {
	d := b.exp.next()
	*d = ExpBuckets{Positive: ExpSpan{Counts: d.Positive.Counts[:0]}, Negative: ExpSpan{Counts: d.Negative.Counts[:0]}}
	return d
}

// NewQuantiles returns data for a Summary, with a slice of length 0.
func (b *Batch) NewQuantiles() *Quantiles {
	d := b.quantile.next()
	*d = Quantiles{Quantiles: d.Quantiles[:0]}
	return d
}

// NewExemplar returns an empty exemplar.
func (b *Batch) NewExemplar() *Exemplar {
	e := b.exemplar.next()
	*e = Exemplar{}
	return e
}

// Reset forgets all that b has, and keeps the memory.
func (b *Batch) Reset() {
	b.Resource = nil
	b.spare = append(b.spare, b.families...)
	b.families = b.families[:0]
	b.buckets.reset()
	b.exp.reset()
	b.quantile.reset()
	b.exemplar.reset()
	b.points, b.bytes, b.err = 0, 0, nil
}
