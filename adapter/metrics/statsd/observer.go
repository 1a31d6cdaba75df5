package statsd

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"
)

// An Observer says what becomes of timers, histograms and distributions. The zero
// value is histograms with the default buckets.
type Observer struct {
	// Kind is what they are exported as. The zero value is Histogram.
	Kind Observation

	// Buckets are the upper bounds of a Histogram, growing and finite, at most 1000,
	// in seconds for timers. Nil: from 5 ms to 10 s for timers, and 1, 2.5 and 5 of
	// each power of ten from 0.001 to 100,000 for what has no unit.
	Buckets []float64

	// Quantiles are those of a Summary, between 0 and 1 and growing, at most 100.
	// Nil: 0.5, 0.9 and 0.99.
	Quantiles []float64

	// Window is how long a value counts for the quantiles of a Summary, which look
	// at the last half of it at least and at all of it at most. 0 means 10 minutes,
	// negative is an error.
	Window time.Duration
}

// An Observation is a kind of metric that values are observed by.
type Observation uint8

// These are all of them.
const (
	Histogram   Observation = iota // fixed buckets
	Exponential                    // a native histogram of up to 160 buckets on each side of 0, which finds its scale by itself
	Summary                        // quantiles of the last while, less exact the wider its values are apart: 0.3 % within a factor of 2, 4.4 % within one of a million
)

// MarshalText returns the name of o, as "summary".
func (o Observation) MarshalText() ([]byte, error) {
	if int(o) < len(observations) {
		return []byte(observations[o]), nil
	}
	return nil, fmt.Errorf("observation %d: there is no such", o)
}

// UnmarshalText sets o by its name.
func (o *Observation) UnmarshalText(text []byte) error {
	i := slices.Index(observations[:], string(text))
	if i < 0 {
		return fmt.Errorf("observation %q: none of %v", text, observations)
	}
	*o = Observation(i)
	return nil
}

var observations = [...]string{"histogram", "exponential", "summary"}

var (
	defaultQuantiles = []float64{0.5, 0.9, 0.99}
	timerBuckets     = []float64{0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10}
	plainBuckets     = []float64{
		0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50,
		100, 250, 500, 1000, 2500, 5000, 10_000, 25_000, 50_000, 100_000,
	}
)

const (
	defaultWindow  = 10 * time.Minute
	mostBounds     = 1000
	mostQuantiles  = 100
	shortestWindow = time.Second
)

func (o *Observer) buckets(timer bool) []float64 {
	if o.Buckets != nil {
		return o.Buckets
	}
	if timer {
		return timerBuckets
	}
	return plainBuckets
}

func (o *Observer) quantiles() []float64 {
	if o.Quantiles != nil {
		return o.Quantiles
	}
	return defaultQuantiles
}

func (o *Observer) window() time.Duration { return cmp.Or(o.Window, defaultWindow) }

func (o *Observer) validate() error {
	switch {
	case int(o.Kind) >= len(observations):
		return fmt.Errorf("Kind: %d is none", o.Kind)
	case len(o.Buckets) > mostBounds:
		return fmt.Errorf("Buckets: %d, more than %d", len(o.Buckets), mostBounds)
	case len(o.Quantiles) > mostQuantiles:
		return fmt.Errorf("Quantiles: %d, more than %d", len(o.Quantiles), mostQuantiles)
	case o.Window != 0 && o.Window < shortestWindow:
		return fmt.Errorf("Window: %v, less than %v", o.Window, shortestWindow)
	}
	for i, b := range o.Buckets {
		if math.IsNaN(b) || math.IsInf(b, 0) || i > 0 && b <= o.Buckets[i-1] {
			return fmt.Errorf("Buckets: %v is not finite, or not above the one before", b)
		}
	}
	for i, q := range o.Quantiles {
		if !(q >= 0 && q <= 1) || i > 0 && q <= o.Quantiles[i-1] {
			return fmt.Errorf("Quantiles: %v is not from 0 to 1, or not above the one before", q)
		}
	}
	return nil
}
