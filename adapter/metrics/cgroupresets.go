package metrics

import "time"

// The counters of a control group, and since when each counts.
const (
	cgUser = iota
	cgSystem
	cgTotal
	cgPeriods
	cgThrottled
	cgThrottledTime
	cgOOM
	cgMinor
	cgMajor
	cgRead
	cgWritten
	cgCounters
)

// resets keep since when counters count: one that is less than it was has begun
// anew after it was read last.
type resets struct {
	was    [cgCounters]int64
	starts [cgCounters]int64
	last   int64 // when they were read
}

func (r *resets) begin(start, now int64) {
	*r = resets{last: now}
	for i := range r.starts {
		r.starts[i] = start
	}
}

func (r *resets) see(values *cgroupValues) {
	for i, v := range values.counts {
		if !values.has[i] {
			continue
		}
		if v < r.was[i] {
			r.starts[i] = r.last
		}
		r.was[i] = v
	}
	r.last = time.Now().UnixNano()
}
