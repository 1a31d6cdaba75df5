package main

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// startToStop has c start n idle services and stop them when all are ready, and
// returns how long that took.
func startToStop(c contender, n int) (time.Duration, error) {
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	var ready, ended sync.WaitGroup
	ready.Add(n)
	ended.Add(n)
	services := make([]service, n)
	for i := range services {
		services[i] = service{
			name:  "service-" + strconv.Itoa(i),
			start: func(context.Context) error { ready.Done(); return nil },
			run:   func(ctx context.Context) { <-ctx.Done() },
			stop:  ended.Done,
		}
	}
	runtime.GC() // what the one before has left is not this one's to clear
	go func() {
		ready.Wait()
		stop()
	}()
	began := time.Now()
	err := c.run(ctx, services, func(any) {})
	took := time.Since(began)
	if err != nil {
		return 0, fmt.Errorf("%s with %d services: %w", c.name, n, err)
	}
	ended.Wait() // one that left some behind would hang here
	return took, nil
}

// medians takes the contenders in turn in each round, so that what the machine
// does besides hits them alike.
func medians(all []contender, n, rounds int) (map[string]time.Duration, error) {
	took := map[string][]time.Duration{}
	for range rounds {
		for _, c := range all {
			d, err := startToStop(c, n)
			if err != nil {
				return nil, err
			}
			took[c.name] = append(took[c.name], d)
		}
	}
	median := map[string]time.Duration{}
	for name, each := range took {
		slices.Sort(each)
		median[name] = each[len(each)/2]
	}
	return median, nil
}

var sizes = []struct{ n, rounds int }{{10, 101}, {100, 51}, {1000, 21}}

const many = 5000

var ours = timed[0]

// writeStartStop writes the table of times, and what one of the pod's containers
// costs among few and many.
func writeStartStop(w io.Writer) error {
	var bySize []map[string]time.Duration
	var each []string
	for _, size := range sizes {
		m, err := medians(timed, size.n, size.rounds)
		if err != nil {
			return err
		}
		bySize = append(bySize, m)
		each = append(each, perService(m[ours.name], size.n))
	}
	alone, err := medians([]contender{ours}, many, 7)
	if err != nil {
		return err
	}
	each = append(each, perService(alone[ours.name], many))

	fmt.Fprintln(w, "| start plus stop of idle services, median | | 10 | 100 | 1,000 | × goroutines | × fx |")
	fmt.Fprintln(w, "|---|---|--:|--:|--:|--:|--:|")
	most := bySize[len(bySize)-1]
	for _, c := range timed {
		fmt.Fprintf(w, "| %s | %s |", c.name, c.order)
		for _, m := range bySize {
			fmt.Fprintf(w, " %.2f ms |", m[c.name].Seconds()*1000)
		}
		fmt.Fprintf(w, " %.1f | %.2f |\n", ratio(most, c.name, goroutines), ratio(most, c.name, "fx"))
	}
	fmt.Fprintf(w, "\nOne of the pod's containers, among 10, 100, 1,000 and 5,000: %s.\n", strings.Join(each, ", "))
	return nil
}

func perService(d time.Duration, n int) string {
	return fmt.Sprintf("%d ns", d.Nanoseconds()/int64(n))
}

func ratio(m map[string]time.Duration, a, b string) float64 { return float64(m[a]) / float64(m[b]) }
