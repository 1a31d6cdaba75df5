package pod

// spec is the pod as decide sees it. With a name it is that container alone, as a
// main container: nothing gates it, and it is told to stop at once.
func (p *Pod) spec(alone string) *spec {
	sp := &spec{grace: p.grace(), deadline: p.ActiveDeadline}
	var mains []int
	sp.containers = make([]containerSpec, 0, len(p.Containers))
	for i := range p.Containers {
		c := &p.Containers[i]
		if alone != "" && c.Name != alone {
			continue
		}
		n := len(sp.containers)
		cs := containerSpec{role: roleMain, policy: c.RestartPolicy, holds: c.holds(), preStop: c.PreStop != nil}
		for kind := range cs.probes {
			cs.probes[kind] = c.probe(kind).thresholds(sp.grace)
		}
		cs.readyServes = c.Readiness == nil && cs.probes[readiness] != thresholds{}
		if cs.policy == "" {
			cs.policy = p.RestartPolicy
		}
		if cs.policy == "" {
			cs.policy = Always
		}
		switch {
		case c.Init && alone != "" && cs.policy == Always:
			cs.policy = OnFailure // K3
		case c.block() != nil && alone != "":
			cs.policy = Always // K2
		case c.Init && alone == "":
			cs.role = roleInit
		case c.block() != nil:
			cs.role = roleHelper
		}
		sp.containers = append(sp.containers, cs)
		if cs.role == roleMain {
			mains = append(mains, n)
		} else {
			sp.order = append(sp.order, n)
		}
	}
	sp.gates = len(sp.order)
	sp.order = append(sp.order, mains...)
	sp.position = make([]int, len(sp.order))
	for n, i := range sp.order {
		sp.position[i] = n
	}
	return sp
}

// holds is what the start of a run of c waits for.
func (c *Container) holds() holds {
	h := holdBegin
	if c.PostStart != nil {
		h |= holdPostStart
	}
	if c.Startup != nil {
		h |= holdStartup
	}
	if _, ok := c.block().(readier); ok {
		h |= holdReady
	}
	return h
}
