package pod

import "time"

// The kinds of probes, as they are indexed.
const (
	startup = iota
	readiness
	liveness
	probeKinds
)

// thresholds are what decide needs to know of a probe; the zero value is none.
type thresholds struct {
	success, failure int
	grace            time.Duration // for the stop that a failure leads to (K21)
}

// A verdict is what a probe is taken to have found (K28).
type verdict uint8

const (
	unknown verdict = iota
	success
	failure
)

func (v verdict) String() string { return [...]string{"Unknown", "Success", "Failure"}[v] }

// A probeState counts the results of one probe on one run.
type probeState struct {
	verdict verdict
	last    verdict
	row     int // of the same results
}

// probed observes a result of a probe on i's current run, and returns the verdict
// (K30). A startup or liveness probe that has failed stops the run (K32), unless
// that is being stopped already (K22).
func (st *state) probed(i, kind int, result verdict) verdict {
	c := &st.containers[i]
	p, limits := &c.probes[kind], st.spec.containers[i].probes[kind]
	if c.phase != running || result == unknown { // K27
		return p.verdict
	}
	if p.last != result {
		p.last, p.row = result, 0
	}
	p.row++
	switch {
	case result == success && p.row >= limits.success:
		p.verdict = success
		if kind == startup {
			st.let(i, holdStartup)
		}
	case result == failure && p.row >= limits.failure:
		p.verdict = failure
		if kind != readiness {
			st.unhealthy(i, limits.grace)
		}
	}
	return p.verdict
}

// ready is K35 for a main container or a helper.
func (st *state) ready(i int) bool {
	c := &st.containers[i]
	probe := st.spec.containers[i].probes[readiness]
	return c.started() && (probe == thresholds{} || c.probes[readiness].verdict == success)
}
