package metrics

// A Kind is what the points of a family are. The zero value is Unknown, which
// says nothing, and is what Prometheus calls untyped.
type Kind uint8

const (
	Unknown        Kind = iota
	Gauge               // a value now
	Counter             // a sum that only grows
	UpDownCounter       // a sum that also falls, which Prometheus has as a gauge
	Histogram           // a Buckets
	ExpHistogram        // an ExpBuckets
	Summary             // a Quantiles
	Info                // always 1; its labels are what it tells
	StateSet            // 0 or 1 for each state of a set, which the label of the family's name tells
	GaugeHistogram      // a Buckets of what is there now, which may also fall
)

var kinds = [...]string{"unknown", "gauge", "counter", "updowncounter", "histogram", "exphistogram", "summary", "info", "stateset", "gaugehistogram"}

// String returns the name of k in lower case, as "gauge".
func (k Kind) String() string {
	if int(k) < len(kinds) {
		return kinds[k]
	}
	return "invalid kind"
}

// A Desc describes a family: all points that have one name.
type Desc struct {
	// Name is that of the semantic conventions, as "container.cpu.time", or any
	// other, as one of Prometheus. Formats make their own of it.
	Name string

	// Unit is by UCUM, as the semantic conventions have it: "s", "By", "1",
	// "{request}". Empty: it is not known.
	Unit string

	Kind Kind

	// Delta is set if points tell what came since their Start, not since the
	// counting began. It is for Counter, UpDownCounter and the histograms.
	Delta bool

	// Help is a sentence for people.
	Help string

	// Verbatim is set if Name is already what Prometheus has, as of a family that
	// was read from its text: formats of Prometheus then add no unit, no _total and
	// no _info. A Counter without _total is unknown in OpenMetrics.
	Verbatim bool
}
