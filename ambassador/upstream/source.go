package upstream

import (
	"context"
	"fmt"
	"net/netip"
	"slices"

	"github.com/podpatterns/podpatterns/internal/hostport"
)

// A Source tells where the upstream is.
type Source interface {
	// Watch calls update with all endpoints, in the goroutine it was called in,
	// at first and whenever they have changed, until ctx is done. With an error
	// the endpoints are not looked at: those there are stay, and the error is
	// counted and logged, once if it comes again. An empty set is one.
	//
	// If it returns nil before, the last set stands. An error is handled as one
	// of update, and Watch is called again after 1 s, then twice as long each
	// time, up to 30 s. ctx carries the sandbox.
	Watch(ctx context.Context, update func([]Endpoint, error)) error
}

// SourceFunc makes an ordinary function a [Source].
type SourceFunc func(ctx context.Context, update func([]Endpoint, error)) error

var _ Source = SourceFunc(nil)

// Watch calls f(ctx, update).
func (f SourceFunc) Watch(ctx context.Context, update func([]Endpoint, error)) error {
	return f(ctx, update)
}

// Static is a Source of endpoints that never change. A Cluster with one, and
// without a Check, works without [Cluster.Run].
type Static []Endpoint

var _ Source = Static(nil)

// To returns a Static of these addresses, all of the same weight.
func To(addresses ...string) Static {
	s := make(Static, len(addresses))
	for i, a := range addresses {
		s[i].Address = a
	}
	return s
}

// Watch reports the endpoints once.
func (s Static) Watch(_ context.Context, update func([]Endpoint, error)) error {
	update(s, nil)
	return nil
}

// Validate returns what is wrong with the endpoints.
func (s Static) Validate() error {
	if len(s) == 0 {
		return fmt.Errorf("Static: no endpoint")
	}
	_, err := targets(s)
	return err
}

// targets checks a set, and takes the addresses apart.
func targets(set []Endpoint) ([]*target, error) {
	if len(set) > maxEndpoints {
		return nil, fmt.Errorf("%d endpoints are more than %d", len(set), maxEndpoints)
	}
	all := make([]*target, len(set))
	first := make(map[string]int, len(set))
	var wrong faults
	for i, e := range set {
		at, err := hostport.Parse(e.Address)
		if err != nil {
			wrong.add("endpoint %d: address %q %w", i+1, e.Address, err)
		} else if j, twice := first[e.Address]; twice {
			wrong.add("endpoint %d: address %q is that of endpoint %d too", i+1, e.Address, j+1)
		}
		if e.Weight < 0 || e.Weight > maxWeight {
			wrong.add("endpoint %d: weight %d is not from 0 to %d", i+1, e.Weight, maxWeight)
		}
		if e.Priority < 0 {
			wrong.add("endpoint %d: priority %d is negative", i+1, e.Priority)
		}
		if len(e.IPs) > 0 && at.Network == "unix" {
			wrong.add("endpoint %d: IPs of %q, which is a unix socket", i+1, e.Address)
		}
		if slices.Contains(e.IPs, netip.Addr{}) {
			wrong.add("endpoint %d: IPs of %q have one that is no address", i+1, e.Address)
		}
		first[e.Address] = i
		all[i] = &target{Endpoint: e, at: at}
	}
	return all, wrong.err()
}

// maxEndpoints bounds what a Source may ask for.
const maxEndpoints = 10_000
