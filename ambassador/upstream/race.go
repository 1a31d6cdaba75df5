package upstream

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"
)

// raceDelay is how much later the next address is tried (RFC 8305, 5).
const raceDelay = 250 * time.Millisecond

type raced struct {
	conn net.Conn
	err  error
}

// race dials the addresses of one host, each raceDelay after the one before, or
// as soon as that has failed. The first connection wins.
func race(ctx context.Context, ips []netip.Addr, port string) (net.Conn, error) {
	if len(ips) == 1 {
		return dial(ctx, "tcp", net.JoinHostPort(ips[0].String(), port))
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ips = interleave(ips)
	results := make(chan raced)
	over := make(chan struct{})
	defer close(over)
	next, running := 0, 0
	start := func() {
		go racer(ctx, net.JoinHostPort(ips[next].String(), port), results, over)
		next, running = next+1, running+1
	}
	start()
	delay := time.NewTimer(raceDelay)
	defer delay.Stop()
	var failed faults
	for running > 0 {
		select {
		case r := <-results:
			running--
			if r.err == nil {
				return r.conn, nil
			}
			failed.append(r.err)
			if next < len(ips) && ctx.Err() == nil {
				start()
				delay.Reset(raceDelay)
			}
		case <-delay.C:
			if next < len(ips) {
				start()
				delay.Reset(raceDelay)
			}
		case <-ctx.Done():
			if err := failed.err(); err != nil && !errors.Is(err, context.Cause(ctx)) {
				return nil, fmt.Errorf("%w: %w", context.Cause(ctx), err)
			}
			return nil, context.Cause(ctx)
		}
	}
	return nil, failed.err()
}

// racer runs for one address. One that is late closes what it has.
func racer(ctx context.Context, address string, results chan<- raced, over <-chan struct{}) {
	conn, err := dial(ctx, "tcp", address)
	select {
	case results <- raced{conn, err}:
	case <-over:
		if conn != nil {
			conn.Close()
		}
	}
}

// interleave has the families take turns, IPv6 first (RFC 8305, 4).
func interleave(ips []netip.Addr) []netip.Addr {
	var six, four []netip.Addr
	for _, ip := range ips {
		if ip.Unmap().Is4() {
			four = append(four, ip)
		} else {
			six = append(six, ip)
		}
	}
	mixed := make([]netip.Addr, 0, len(ips))
	for i := range max(len(six), len(four)) {
		if i < len(six) {
			mixed = append(mixed, six[i])
		}
		if i < len(four) {
			mixed = append(mixed, four[i])
		}
	}
	return mixed
}
