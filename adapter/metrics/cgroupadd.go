package metrics

type cgroupLabels struct{ plain, user, system, minor, major, in, out *Labels }

func (l *cgroupLabels) make(with func(more ...string) *Labels) {
	*l = cgroupLabels{
		plain:  with(),
		user:   with("cpu.mode", "user"),
		system: with("cpu.mode", "system"),
		minor:  with("system.paging.fault.type", "minor"),
		major:  with("system.paging.fault.type", "major"),
		in:     with("disk.io.direction", "read"),
		out:    with("disk.io.direction", "write"),
	}
}

// add adds what was measured.
func (g *cgroup) add(b *Batch) {
	v, l := &g.now, &g.labels
	g.counter(b, cgroupCPUTime, l.plain, cgTotal, 1e9)
	g.pair(b, cgroupCPUTime, l.user, l.system, cgUser, cgSystem, 1e9)
	if v.cpus > 0 {
		b.Family(cgroupCPULimit).Add(l.plain, Float(v.cpus))
	}
	g.counter(b, cgroupPeriods, l.plain, cgPeriods, 1)
	g.counter(b, cgroupThrottled, l.plain, cgThrottled, 1)
	g.counter(b, cgroupThrottledTime, l.plain, cgThrottledTime, 1e9)
	if v.hasUsage {
		b.Family(cgroupUsage).Add(l.plain, Int(v.usage))
	}
	if v.hasMemory {
		b.Family(cgroupRSS).Add(l.plain, Int(v.rss))
	}
	if v.hasLimit {
		b.Family(cgroupLimit).Add(l.plain, Int(v.limit))
	}
	if v.hasUsage && v.hasMemory {
		workingSet := max(0, v.usage-v.inactive)
		b.Family(cgroupWorkingSet).Add(l.plain, Int(workingSet))
		if v.hasLimit {
			b.Family(cgroupAvailable).Add(l.plain, Int(max(0, v.limit-workingSet)))
		}
	}
	g.pair(b, cgroupFaults, l.minor, l.major, cgMinor, cgMajor, 1)
	g.counter(b, cgroupOOM, l.plain, cgOOM, 1)
	g.pair(b, cgroupDiskIO, l.in, l.out, cgRead, cgWritten, 1)
	b.Family(cgroupUptime).Add(l.plain, Float(since(g.made)))
}

func (g *cgroup) value(i int, unit float64) Value {
	if unit == 1 {
		return Int(g.now.counts[i])
	}
	return Float(float64(g.now.counts[i]) / unit)
}

func (g *cgroup) counter(b *Batch, d Desc, l *Labels, i int, unit float64) {
	if g.now.has[i] {
		b.Family(d).Add(l, g.value(i, unit)).Start = g.starts.starts[i]
	}
}

func (g *cgroup) pair(b *Batch, d Desc, l1, l2 *Labels, i, j int, unit float64) {
	if g.now.has[i] && g.now.has[j] {
		f := b.Family(d)
		f.Add(l1, g.value(i, unit)).Start = g.starts.starts[i]
		f.Add(l2, g.value(j, unit)).Start = g.starts.starts[j]
	}
}
