package upstream

import "time"

// health is what is known of how an endpoint is. It decides nothing about
// others, and knows no clock but what it is told.
type health struct {
	check   checked
	breaker circuit
	outlier outlier
}

// A checked is what active checks have found.
type checked struct {
	known, passing bool
	streak         int // of results that say the opposite
}

// record returns whether the endpoint has changed sides. The first result counts
// at once.
func (c *checked) record(passed bool, rise, fall int) bool {
	if !c.known {
		c.known, c.passing = true, passed
		return true
	}
	if passed == c.passing {
		c.streak = 0
		return false
	}
	c.streak++
	if passed && c.streak < rise || !passed && c.streak < fall {
		return false
	}
	c.passing, c.streak = passed, 0
	return true
}

// look returns how the endpoint is, and when that changes by itself; the zero
// time if it does not.
func (h *health) look(now time.Time, c *Cluster) (s State, until time.Time) {
	switch {
	case c.Breaker != nil && h.breaker.open(now):
		return Open, h.breaker.until
	case c.Check != nil && !h.check.known:
		return Unchecked, time.Time{}
	case c.Check != nil && !h.check.passing:
		return Unhealthy, time.Time{}
	case now.Before(h.outlier.until):
		return Ejected, h.outlier.until
	case c.Breaker != nil && h.breaker.tripped:
		return HalfOpen, time.Time{}
	}
	return Healthy, time.Time{}
}

// A State is how an endpoint is.
type State string

// The states of an endpoint.
const (
	Healthy   State = "healthy"   // it is used
	Unchecked State = "unchecked" // no Check has asked it yet
	Unhealthy State = "unhealthy" // it fails its Check
	Ejected   State = "ejected"   // its Ejection lasts
	Open      State = "open"      // its Breaker is open, and nothing is tried
	HalfOpen  State = "half-open" // its Breaker lets trials through
	Draining  State = "draining"  // it has left the set, and has connections still
)
