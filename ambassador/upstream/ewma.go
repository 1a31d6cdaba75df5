package upstream

import (
	"cmp"
	"fmt"
	"math"
	"sync"
	"time"
)

// PeakEWMA draws two endpoints by their weights and takes the one that is likely
// to answer sooner: by its latency times the leases that it has and would have.
// Latency is what is reported of it, of Dial the time that it took: a larger one
// counts at once, a smaller one by and by, with e^(-t/Decay) for the weight of
// what was known. Without traffic it fades in the same way, so that an endpoint
// that was slow is tried again. One that was f times as slow as the others and is
// well again has its share again within Decay × ln f.
//
// A failure counts as a latency of at least Penalty, so that an endpoint that
// fails fast does not look fast. An endpoint of which nothing is known yet gets
// one lease, and more when that is reported.
type PeakEWMA struct {
	Decay   time.Duration // 0: 10 s; negative: an error
	Penalty time.Duration // 0: 1 s; negative: an error
}

var _ Balancer = PeakEWMA{}

func (p PeakEWMA) validate() error {
	if p.Decay < 0 {
		return fmt.Errorf("Decay: %v is negative", p.Decay)
	}
	if p.Penalty < 0 {
		return fmt.Errorf("Penalty: %v is negative", p.Penalty)
	}
	return nil
}

func (p PeakEWMA) decay() time.Duration   { return cmp.Or(p.Decay, 10*time.Second) }
func (p PeakEWMA) penalty() time.Duration { return cmp.Or(p.Penalty, time.Second) }

func (p PeakEWMA) picker(_ *Cluster, all []candidate) picker {
	return newTwoChoices(all, func(e *endpoint, relative float64, now time.Time) float64 {
		active := float64(e.active.Load()) / relative
		l, known := e.latency.read(now, p.decay())
		if !known {
			return active * float64(p.penalty()) // 0 if nobody is finding out
		}
		return l * (1 + active)
	})
}

// A learner is a Balancer that heeds what is reported.
type learner interface {
	learn(e *endpoint, r Result, took time.Duration, now time.Time)
	expects(e *endpoint, now time.Time) time.Duration
}

func (p PeakEWMA) learn(e *endpoint, r Result, took time.Duration, now time.Time) {
	switch r {
	case Neutral:
		return
	case Failed:
		took = max(took, p.penalty())
	}
	e.latency.observe(took, now, p.decay())
}

func (p PeakEWMA) expects(e *endpoint, now time.Time) time.Duration {
	l, _ := e.latency.read(now, p.decay())
	return time.Duration(l)
}

// A latency is an average that gives way to peaks.
type latency struct {
	mu    sync.Mutex
	value float64 // ns
	at    time.Time
}

// observe takes a measurement.
func (l *latency) observe(sample time.Duration, now time.Time, decay time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	is := max(float64(sample), 1)
	if faded := l.fadedLocked(now, decay); is < faded {
		is += (l.value - is) * faded / l.value
	}
	l.value, l.at = is, now
}

// read returns what is expected now.
func (l *latency) read(now time.Time, decay time.Duration) (ns float64, known bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.fadedLocked(now, decay), !l.at.IsZero()
}

func (l *latency) fadedLocked(now time.Time, decay time.Duration) float64 {
	if l.at.IsZero() {
		return 0
	}
	return l.value * math.Exp(-float64(max(now.Sub(l.at), 0))/float64(decay))
}
