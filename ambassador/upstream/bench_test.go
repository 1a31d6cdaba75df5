package upstream

import (
	"context"
	"fmt"
	"net"
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

// A connection on the loopback, closed at once, beside what package net takes.
func BenchmarkDial(b *testing.B) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			c.Close()
		}
	}()
	address := l.Addr().String()
	one := &Cluster{Endpoints: To(address)}
	many := &Cluster{Endpoints: To(address, "localhost"+address[len("127.0.0.1"):]), Ejection: &Ejection{}, Breaker: &Breaker{}, Balancer: Maglev{}}
	for _, way := range []struct {
		name string
		dial func(ctx context.Context) (net.Conn, error)
	}{
		{"net", func(ctx context.Context) (net.Conn, error) { return new(net.Dialer).DialContext(ctx, "tcp", address) }},
		{"one", one.Dial},
		{"many", func(ctx context.Context) (net.Conn, error) { return many.Dial(WithKey(ctx, address)) }},
	} {
		b.Run(way.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				ctx, cancel := context.WithTimeout(b.Context(), 4*time.Second)
				c, err := way.dial(ctx)
				if err != nil {
					b.Fatal(err)
				}
				c.Close()
				cancel()
			}
		})
	}
}

// What a change of an endpoint's state costs, of which Pick takes no part.
func BenchmarkTable(b *testing.B) {
	for name, balancer := range map[string]Balancer{"RoundRobin": RoundRobin{}, "LeastRequests": LeastRequests{}, "Maglev": Maglev{}} {
		for _, n := range []int{10, 1000} {
			b.Run(fmt.Sprintf("%s/%d", name, n), func(b *testing.B) {
				c := &Cluster{Endpoints: numbered(n), Balancer: balancer}
				if err := c.begin(); err != nil {
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
