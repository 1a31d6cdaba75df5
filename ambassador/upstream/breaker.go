package upstream

import (
	"cmp"
	"time"
)

// A Breaker stops the use of an endpoint that fails again and again, so that
// nobody waits for it and it can recover. Its zero value is ready to use.
//
// A closed breaker opens after Failures failures in a row. While it is open the
// endpoint is not used at all, not even in a panic. After OpenFor it is half-open:
// it lets Trials through at a time; that many successes in a row close it, and a
// failure opens it again. What was begun before it opened no longer counts for it.
//
// It is no limit on how many endpoints are left out: if the breakers of all are
// open there is no endpoint, and Pick says so at once.
type Breaker struct {
	Failures int           // in a row, that open it; 0: 5; negative: an error
	OpenFor  time.Duration // 0: 10 s; negative: an error
	Trials   int           // 0: 1; negative: an error
}

func (b *Breaker) failures() int          { return cmp.Or(b.Failures, 5) }
func (b *Breaker) openFor() time.Duration { return cmp.Or(b.OpenFor, 10*time.Second) }
func (b *Breaker) trials() int            { return cmp.Or(b.Trials, 1) }

// A circuit is the state of a Breaker for one endpoint.
//
// It is not one of sony/gobreaker, as balancing has to see whether it is open
// without asking for a trial, a client that leaves has to give its trial back
// uncounted, and a closure for each call is one too many.
type circuit struct {
	tripped  bool      // open, or half-open from until on
	until    time.Time // of tripped
	failures int       // in a row, while it is closed
	out      int       // trials that are out
	passed   int       // trials, in a row
	turn     uint32    // counts openings, so that a late result is known for one
}

func (c *circuit) open(now time.Time) bool { return c.tripped && now.Before(c.until) }

// A pass is leave to use an endpoint.
type pass struct {
	trial bool
	turn  uint32
}

// admit returns false if the endpoint must not be used now.
func (c *circuit) admit(now time.Time, trials int) (pass, bool) {
	if !c.tripped {
		return pass{turn: c.turn}, true
	}
	if now.Before(c.until) || c.out >= trials {
		return pass{}, false
	}
	c.out++
	return pass{trial: true, turn: c.turn}, true
}

// record takes the result of what p was for, and returns whether that opened or
// closed the circuit.
func (c *circuit) record(p pass, r Result, now time.Time, b *Breaker) bool {
	if p.turn != c.turn {
		return false
	}
	if p.trial {
		c.out--
	}
	switch {
	case r == Neutral:
		return false
	case r == Failed:
		c.failures++
		if !p.trial && c.failures < b.failures() {
			return false
		}
		*c = circuit{tripped: true, until: now.Add(b.openFor()), turn: c.turn + 1}
		return true
	case !p.trial:
		c.failures = 0
		return false
	}
	if c.passed++; c.passed < b.trials() {
		return false
	}
	*c = circuit{turn: c.turn + 1}
	return true
}
