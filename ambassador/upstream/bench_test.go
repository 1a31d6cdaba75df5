package upstream

import (
	"fmt"
	"strconv"
	"testing"
	"time"
)

// A pick, its report and its end, of so many endpoints.
func BenchmarkPick(b *testing.B) {
	for name, c := range map[string]func() *Cluster{
		"RoundRobin":    func() *Cluster { return &Cluster{Balancer: RoundRobin{}} },
		"LeastRequests": func() *Cluster { return &Cluster{} },
		"PeakEWMA":      func() *Cluster { return &Cluster{Balancer: PeakEWMA{}} },
		"Maglev":        func() *Cluster { return &Cluster{Balancer: Maglev{}} },
		"everything": func() *Cluster {
			return &Cluster{Balancer: PeakEWMA{}, Ejection: &Ejection{}, Breaker: &Breaker{}, SlowStart: time.Minute, MaxConns: 100, MaxConnsPerEndpoint: 10}
		},
	} {
		for _, n := range []int{1, 10, 1000} {
			b.Run(fmt.Sprintf("%s/%d", name, n), func(b *testing.B) {
				c := c()
				set := numbered(n)
				for i := range set {
					set[i].Weight = 1 + i%5
				}
				c.Endpoints = set
				ctx := b.Context()
				if name == "Maglev" {
					ctx = WithKey(ctx, "user-"+strconv.Itoa(n))
				}
				b.ReportAllocs()
				for b.Loop() {
					l, err := c.Pick(ctx)
					if err != nil {
						b.Fatal(err)
					}
					l.Report(Succeeded, time.Millisecond)
					l.Done()
				}
			})
		}
	}
}

// What a change of an endpoint's state costs, of which Pick takes no part.
func BenchmarkTable(b *testing.B) {
	for name, balancer := range map[string]Balancer{"RoundRobin": RoundRobin{}, "LeastRequests": LeastRequests{}, "Maglev": Maglev{}} {
		for _, n := range []int{10, 1000} {
			b.Run(fmt.Sprintf("%s/%d", name, n), func(b *testing.B) {
				c := &Cluster{Endpoints: numbered(n), Balancer: balancer}
				if err := c.Validate(); err != nil {
					b.Fatal(err)
				}
				b.ReportAllocs()
				for b.Loop() {
					c.refresh()
				}
			})
		}
	}
}
