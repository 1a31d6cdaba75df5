package pod

import (
	"context"
	"strings"
	"time"
)

// lingerPeriod is how often a helper looks whether the main containers are gone.
const lingerPeriod = 50 * time.Millisecond

// lingers says whether this run is of a helper alone, which platforms without an
// order of stop (Compose, plain containers) tell together with the mains. It goes
// on serving them then.
func (r *run) lingers() bool {
	return r.alone != "" && r.members[0].block() != nil && r.pod.linger() > 0
}

// linger is the time that there is for it.
func (p *Pod) linger() time.Duration {
	limit := p.grace() - minGrace
	if p.Linger == 0 {
		return limit
	}
	return min(p.Linger, limit)
}

// linger begins the stop of a helper that runs alone: when ctx is done and the
// locks of all main containers are free, or the time for it has passed.
func (r *run) linger(ctx, ended context.Context) {
	select {
	case <-ctx.Done():
	case <-ended.Done():
		return
	}
	told := time.Now()
	if up := r.mainsUp(); len(up) > 0 {
		mains := strings.Join(up, ", ")
		r.inbox.put(func(now time.Time) {
			r.event(r.members[0], now, Normal, ReasonLingering, "told to stop, and goes on for the main containers: "+mains)
		})
		tick := time.NewTicker(lingerPeriod)
		defer tick.Stop()
		for len(up) > 0 && time.Since(told) < r.pod.linger() {
			select {
			case <-tick.C:
			case <-ended.Done():
				return
			}
			up = r.mainsUp()
		}
	}
	r.inbox.put(func(time.Time) {
		r.state.toldAt, r.state.stopAsked = told, true
	})
}

// mainsUp are the main containers that run on this directory, in processes of
// their own.
func (r *run) mainsUp() (up []string) {
	for i := range r.pod.Containers {
		if c := &r.pod.Containers[i]; c.kind() == KindMain && r.marks.held(c.Name) {
			up = append(up, c.Name)
		}
	}
	return up
}
