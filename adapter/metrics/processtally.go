package metrics

// A tally is what counts, and never falls.
type tally [6]int64

const (
	userTicks = iota
	systemTicks
	minorFaults
	majorFaults
	readBytes
	writtenBytes
)

func (t *tally) plus(u tally) {
	for i, v := range u {
		t[i] += v
	}
}

func (p procTally) tally(disk procIO) tally {
	return tally{
		userTicks: p.user, systemTicks: p.system, minorFaults: p.minor, majorFaults: p.major,
		readBytes: disk.read, writtenBytes: disk.written,
	}
}

// total is what a member adds to the sum. The kernel's counters of bytes have
// those of waited for children in them (wait_task_zombie adds them up).
func (m *member) total(waited bool) tally {
	t := m.stat.own.tally(m.disk)
	if waited {
		t.plus(m.stat.waited.tally(procIO{}))
	}
	return t
}

// waitedSince is what m has at most got since before by waiting for children.
func (m *member) waitedSince(before *member, children bool) (t tally) {
	var now, was procTally
	if children {
		now, was = m.stat.waited, before.stat.waited
	}
	t = now.tally(m.disk)
	for i, v := range was.tally(before.disk) {
		t[i] = max(0, t[i]-v)
	}
	return t
}
