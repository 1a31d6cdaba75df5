package main

import (
	"fmt"
	"io"
	"runtime"
	"slices"
	"time"
)

// A group is one table.
type group struct {
	name, title string
	// prepare returns the contenders, the floor first.
	prepare func(p plan) ([]contender, error)
}

// A contender does the same work as the others of its group.
type contender struct {
	name  string
	bytes int // that a run handles; 0: nothing is told per second
	run   func() error
	close func() // may be nil
}

// A figure is the median over the rounds, of one run.
type figure struct {
	contender
	cpu, ratio, allocs []float64
}

type results struct {
	title   string
	figures []*figure
}

// measure runs all contenders in turn, in each round. The CPU time is that of the
// process, the collector of garbage included.
func (g group) measure(p plan) (*results, error) {
	all, err := g.prepare(p)
	if err != nil {
		return nil, err
	}
	r := &results{title: g.title}
	for _, c := range all {
		r.figures = append(r.figures, &figure{contender: c})
		if c.close != nil {
			defer c.close()
		}
		if err := c.run(); err != nil { // warm
			return nil, fmt.Errorf("%s: %w", c.name, err)
		}
	}
	for range p.rounds {
		floor := 0.0
		for i, f := range r.figures {
			cpu, allocs, err := f.once(p.each)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", f.name, err)
			}
			if i == 0 {
				floor = cpu
			}
			f.cpu, f.allocs = append(f.cpu, cpu), append(f.allocs, allocs)
			if floor > 0 {
				f.ratio = append(f.ratio, cpu/floor)
			}
		}
	}
	return r, nil
}

// once returns the CPU seconds and the allocations of a run.
func (f *figure) once(least time.Duration) (cpu, allocs float64, err error) {
	runtime.GC()
	var before, behind runtime.MemStats
	runtime.ReadMemStats(&before)
	used, begun, runs := cpuTime(), time.Now(), 0
	for runs == 0 || time.Since(begun) < least {
		if err := f.run(); err != nil {
			return 0, 0, err
		}
		runs++
	}
	used = cpuTime() - used
	runtime.ReadMemStats(&behind)
	return used.Seconds() / float64(runs), float64(behind.Mallocs-before.Mallocs) / float64(runs), nil
}

func median(all []float64) float64 {
	if len(all) == 0 {
		return 0
	}
	all = slices.Sorted(slices.Values(all))
	return all[len(all)/2]
}

func (r *results) write(w io.Writer) {
	fmt.Fprintf(w, "\n%s\n\n| | CPU ms | to the floor | allocations | MB/s |\n|---|--:|--:|--:|--:|\n", r.title)
	for _, f := range r.figures {
		cpu, rate := median(f.cpu), ""
		if f.bytes > 0 && cpu > 0 {
			rate = fmt.Sprintf("%.0f", float64(f.bytes)/cpu/1e6)
		}
		fmt.Fprintf(w, "| %s | %.2f | %.2f | %.0f | %s |\n", f.name, cpu*1e3, median(f.ratio), median(f.allocs), rate)
	}
}
