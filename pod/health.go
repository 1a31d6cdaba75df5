package pod

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// hasAside says whether anything is to go on beside the container's runs that the
// pod begins. A block's Ready is called by the run.
func (c *Container) hasAside() bool {
	return c.PostStart != nil || c.PreStop != nil || c.Startup != nil || c.Readiness != nil || c.Liveness != nil
}

// beginHooks begins what goes on beside a run from its begin: its PostStart hook
// and its startup probe.
func (inst *instance) beginHooks() {
	m := inst.member
	if !m.hasAside() {
		return
	}
	inst.checked, inst.endChecks = context.WithCancel(inst.values())
	if m.PostStart != nil {
		inst.aside(inst.postStart)
	}
	if m.Startup != nil {
		inst.check(startup)
	}
}

// beginChecks begins the other probes, once the run has started (K31). Readiness
// goes on while the run is being stopped, liveness does not (K22).
func (inst *instance) beginChecks() {
	inst.check(readiness)
	inst.check(liveness)
}

// check begins one of the container's probes, if it has it. It asks first
// InitialDelay after the run's begin (K29, K31).
func (inst *instance) check(kind int) {
	p := inst.member.checks[kind]
	if p == nil {
		return
	}
	now := time.Now()
	asker := &asker{inst: inst, kind: kind, probe: p, next: later(now, inst.began.Add(p.InitialDelay))}
	if kind == readiness && inst.member.Readiness == nil {
		asker.next = now.Add(p.period()) // its Ready has just returned
	}
	if kind != readiness {
		asker.ctx, inst.endProbe[kind] = context.WithCancel(inst.checked)
	}
	inst.later(kind, asker.next.Sub(now), asker.ask)
}

// probed notes what a probe has found.
func (r *run) probed(inst *instance, kind int, result verdict, err error, took time.Duration, now time.Time) {
	m := inst.member
	c := &r.state.containers[m.index]
	if m.current != inst || c.phase != running || inst.overruled(kind, c) {
		return
	}
	was := c.probes[kind].verdict
	is := r.state.probed(m.index, kind, result)
	r.observeProbe(m, kind, result, is, err, took, now)
	if result == failure {
		r.event(m, now, Warning, ReasonUnhealthy, fmt.Sprintf("%s probe failed: %v", probeNames[kind], err))
	}
	switch {
	case kind == readiness:
		r.observeReady(inst, now)
	case is != was:
		if is == failure {
			inst.sick = fmt.Errorf("%s probe failed: %w", probeNames[kind], err)
		}
		if kind == startup || is == failure {
			inst.hold(kind) // K30: no more of it in this run
		}
	}
	if kind == startup && is == success {
		r.let(inst, holdStartup, now)
	}
}

// overruled says whether a probe's result comes too late to matter: the run is
// being stopped (K22), or the probe has its verdict for this run (K30).
func (inst *instance) overruled(kind int, c *containerState) bool {
	return kind != readiness && (c.stop != noStop || inst.run.state.stopping || inst.held[kind])
}

// hold ends a probe for this run.
func (inst *instance) hold(kind int) {
	inst.held[kind] = true
	inst.endProbe[kind]()
}

// observeProbe adds a result to a probe's status.
func (r *run) observeProbe(m *member, kind int, result, is verdict, err error, took time.Duration, now time.Time) {
	r.observe(m, func(s *ContainerStatus) {
		s.Probes = slices.Clone(s.Probes) // a snapshot may hold the old ones
		p := &s.Probes[slices.IndexFunc(s.Probes, func(p ProbeStatus) bool { return p.Type == probeNames[kind] })]
		switch result {
		case success:
			p.Successes++
		case failure:
			p.Failures++
		}
		if p.LastError = ""; err != nil {
			p.LastError = shortened(err.Error())
		}
		if p.Result != is.String() {
			p.Result, p.Since = is.String(), now
		}
		p.LastDuration = took
	})
}

// probes is the status of m's probes before their first result (K28).
func (m *member) probes(now time.Time) []ProbeStatus {
	var all []ProbeStatus
	for kind, initial := range [probeKinds]verdict{startup: unknown, readiness: failure, liveness: success} {
		if m.checks[kind] != nil {
			all = append(all, ProbeStatus{Type: probeNames[kind], Result: initial.String(), Since: now})
		}
	}
	return all
}
