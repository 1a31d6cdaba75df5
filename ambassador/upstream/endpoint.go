package upstream

import (
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/podpatterns/podpatterns/internal/hostport"
)

// An Endpoint is one place that the upstream answers at. It is known by its
// Address: one that is in two sets of a Source that follow each other stays the
// same endpoint, with its connections and all that is known of it.
type Endpoint struct {
	// Address is "host:port", or "unix:/path" for a unix socket, whose relative
	// path is one in the container's root.
	Address string `json:"address"`

	// Weight is its share of the load, up to 1,000,000. 0: 1; negative: an error.
	Weight int `json:"weight,omitempty"`

	// Priority is 0 for those that are used first. The others are for when none
	// of a lower number may be used or can be dialled. Negative: an error.
	Priority int `json:"priority,omitempty"`

	// ServerName is what TLS asks the certificate for. Empty: the Address's host.
	ServerName string `json:"server_name,omitempty"`

	// IPs are the addresses of the Address's host, raced to by RFC 8305. Empty:
	// the network finds them when it dials.
	IPs []netip.Addr `json:"ips,omitempty"`
}

func (e Endpoint) equal(other Endpoint) bool {
	return e.Address == other.Address && e.Weight == other.Weight && e.Priority == other.Priority &&
		e.ServerName == other.ServerName && slices.Equal(e.IPs, other.IPs)
}

func (e Endpoint) weight() float64 { return float64(max(e.Weight, 1)) }

// maxWeight keeps sums of weights exact.
const maxWeight = 1_000_000

// An endpoint is what is known of an Endpoint, for as long as it is in the set or
// has leases.
type endpoint struct {
	address string
	hash    [2]uint64 // of the address, for Maglev
	spec    atomic.Pointer[target]

	active atomic.Int64
	counts endpointCounters

	// Of RoundRobin, guarded by turns.mu.
	turned bool
	begins float64 // its next turn

	latency latency

	mu     sync.Mutex
	health health

	// What was last seen of it, guarded by Cluster.mu.
	state State
	since time.Time // when it became well, for the slow start; zero: long ago
	late  bool      // it was not in the first set
}

// A target is an Endpoint as it is dialled, for one stay in the set.
type target struct {
	Endpoint
	at   hostport.Address
	gone chan struct{} // closed when it leaves the set
}

// left tells whether it has left the set.
func (t *target) left() bool {
	select {
	case <-t.gone:
		return true
	default:
		return false
	}
}
