package pod

import (
	"time"

	"github.com/cenkalti/backoff/v4"
)

const (
	backOffInitial = 10 * time.Second  // K43
	backOffMax     = 300 * time.Second // K43
	backOffReset   = 2 * backOffMax    // K45
)

// A backOff says how long a container waits before each restart: not at all
// before the first, then 10, 20, 40, 80, 160, 300, 300 … seconds after the finish
// of the run before. A run of more than 10 minutes begins it anew (K43 to K47).
type backOff struct {
	again bool
	delay backoff.ExponentialBackOff
}

func newBackOff() *backOff {
	b := &backOff{delay: backoff.ExponentialBackOff{
		InitialInterval:     backOffInitial,
		RandomizationFactor: 0,
		Multiplier:          2,
		MaxInterval:         backOffMax,
		MaxElapsedTime:      0, // never Stop; the default gives up after 15 minutes
		Stop:                backoff.Stop,
		Clock:               backoff.SystemClock,
	}}
	b.delay.Reset()
	return b
}

// next is the wait after a run that took this long.
func (b *backOff) next(run time.Duration) time.Duration {
	if run > backOffReset {
		b.again = false
		b.delay.Reset()
	}
	if !b.again {
		b.again = true
		return 0
	}
	return b.delay.NextBackOff()
}
