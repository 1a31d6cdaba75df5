package upstream

import (
	"cmp"
	"time"
)

// An Ejection leaves an endpoint out for a while that fails more than others,
// found by what is reported of its use. Its zero value is ready to use.
//
// An endpoint is ejected after Consecutive failures in a row, or when at least
// FailureRatio of no fewer than MinVolume results of the last Window were
// failures. The first time is for Base, the second for twice that, and so on, up
// to Max; each Base that it does well between makes it one less. While it is
// ejected nothing that is reported counts. At most MaxShare of the endpoints are
// ejected at once, but one may always be, if there is another.
type Ejection struct {
	Consecutive  int           // 0: 5; negative: never for these
	FailureRatio float64       // from 0 to 1; 0: 0.5; negative: never for this
	MinVolume    int           // 0: 20; negative: an error
	Window       time.Duration // 0: 10 s; negative: an error
	Base         time.Duration // 0: 30 s; negative: an error
	Max          time.Duration // 0: 5 min; negative, or less than Base: an error
	MaxShare     float64       // from 0 to 1; 0: 0.5; negative: an error
}

func (e *Ejection) consecutive() int       { return cmp.Or(e.Consecutive, 5) }
func (e *Ejection) failureRatio() float64  { return cmp.Or(e.FailureRatio, 0.5) }
func (e *Ejection) minVolume() int         { return cmp.Or(e.MinVolume, 20) }
func (e *Ejection) window() time.Duration  { return cmp.Or(e.Window, 10*time.Second) }
func (e *Ejection) base() time.Duration    { return cmp.Or(e.Base, 30*time.Second) }
func (e *Ejection) longest() time.Duration { return cmp.Or(e.Max, max(5*time.Minute, e.base())) }
func (e *Ejection) maxShare() float64      { return cmp.Or(e.MaxShare, 0.5) }

// allowed is how many of the members may be ejected at once.
func (e *Ejection) allowed(members int) int {
	if members < 2 {
		return 0
	}
	return max(1, int(e.maxShare()*float64(members)))
}

// An outlier is what Ejection knows of one endpoint.
type outlier struct {
	until   time.Time // of the last ejection
	times   int       // ejections, less those that doing well made up for
	failed  int       // in a row
	results window
}

// record takes a result and returns whether the endpoint ought to be ejected, and
// why.
func (o *outlier) record(failed bool, now time.Time, e *Ejection) (why string) {
	if now.Before(o.until) {
		return ""
	}
	o.results.add(failed, now, e.window())
	if !failed {
		o.failed = 0
		return ""
	}
	o.failed++
	if n := e.consecutive(); n > 0 && o.failed >= n {
		return "failures in a row"
	}
	all, bad := o.results.sum(now, e.window())
	if r := e.failureRatio(); r > 0 && all >= e.minVolume() && float64(bad) >= r*float64(all) {
		return "share of failures"
	}
	return ""
}

func (o *outlier) eject(now time.Time, e *Ejection) {
	if o.times > 0 {
		well := int(now.Sub(o.until) / e.base())
		o.times = max(0, o.times-well)
	}
	o.times++
	last := e.longest()
	if o.times <= int(last/e.base()) { // and so cannot overflow
		last = e.base() * time.Duration(o.times)
	}
	o.until, o.failed, o.results = now.Add(last), 0, window{}
}

// A window counts results of a time that goes along, in ten steps.
type window struct {
	steps [10]struct{ all, failed int }
	last  time.Time // when the newest step began; the zero time: there is none
	at    int       // the newest
}

func (w *window) add(failed bool, now time.Time, length time.Duration) {
	w.advance(now, length)
	w.steps[w.at].all++
	if failed {
		w.steps[w.at].failed++
	}
}

func (w *window) sum(now time.Time, length time.Duration) (all, failed int) {
	w.advance(now, length)
	for _, s := range w.steps {
		all, failed = all+s.all, failed+s.failed
	}
	return all, failed
}

func (w *window) advance(now time.Time, length time.Duration) {
	step := max(length/time.Duration(len(w.steps)), 1)
	gone := now.Sub(w.last) / step
	if w.last.IsZero() || gone >= time.Duration(len(w.steps)) {
		*w = window{last: now}
		return
	}
	for ; gone > 0; gone-- {
		w.at = (w.at + 1) % len(w.steps)
		w.steps[w.at] = struct{ all, failed int }{}
		w.last = w.last.Add(step)
	}
}
