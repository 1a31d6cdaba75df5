package upstream

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/podpatterns/podpatterns/pod/sandbox"
)

// A Cluster is an upstream of any number of endpoints. One with nothing but
// Endpoints is ready to use; the zero value has none, and [Cluster.Validate]
// refuses it. Its fields must not be changed once it is used, nor may it be
// copied. Several proxies may share one.
type Cluster struct {
	// Endpoints tells where the upstream is. It must not be nil;
	// To("127.0.0.1:5432") makes one of fixed addresses.
	Endpoints Source

	// Balancer chooses among the endpoints that are well. nil: LeastRequests.
	Balancer Balancer

	// Check asks each endpoint whether it is well. nil: none is asked, and all
	// are taken for well.
	Check *Check

	// Ejection leaves out endpoints that fail more than others. nil: none.
	Ejection *Ejection

	// Breaker stops the use of an endpoint that only fails. nil: none.
	Breaker *Breaker

	// SlowStart is how long an endpoint that is new, or well again, takes to its
	// full weight; it begins with a tenth. 0: it has that at once; negative: an
	// error.
	SlowStart time.Duration

	// PanicThreshold is the share of endpoints, from 0 to 1, that must be well, of
	// those that are not unchecked. If fewer are, Check and Ejection are not heeded and all are used, because
	// the few that are left could not bear the load. 0: only when none is well;
	// negative: never, and then there is no endpoint.
	PanicThreshold float64

	// DialTimeout is how long Dial may take in all, unless its context ends
	// before. 0: 5 s; negative: an error.
	DialTimeout time.Duration

	// TryTimeout is how long one endpoint may take in Dial, TLS included. It
	// never gets more than an even share of what is left of the whole. 0: that
	// share; negative: an error.
	TryTimeout time.Duration

	// Tries is how many endpoints Dial tries at most, none twice. 0: 3;
	// negative: an error.
	Tries int

	// MaxConns is how many leases, and so connections of Dial, there are at
	// once. 0: any number; negative: an error.
	MaxConns int

	// MaxConnsPerEndpoint is how many an endpoint has at once. One that is full
	// is passed over. 0: any number; negative: an error.
	MaxConnsPerEndpoint int

	// MaxWait is how long Pick and Dial wait, in the order they came, when one of
	// the two limits is reached. 0: not at all, ErrLimit comes at once; negative:
	// an error.
	MaxWait time.Duration

	// TLS is how connections are encrypted. nil: they are not.
	TLS *TLS

	// ProxyProtocol is the version, 1 or 2, of the PROXY header that begins each
	// connection and carries the addresses of [WithClient]. 0: none.
	ProxyProtocol int

	once    sync.Once
	invalid error
	lead    chan struct{} // held by the Run that discovers and checks
	epoch   time.Time
	log     atomic.Pointer[slog.Logger]
	table   atomic.Pointer[table]
	stale   atomic.Bool // something has happened that table has not seen
	settled atomic.Bool // what is to be known before the first pick is
	active  atomic.Int64
	queue   queue
	turns   turns
	counts  counters

	mu      sync.Mutex
	members map[string]*endpoint // what is discovered
	leaving map[*endpoint]bool   // what no longer is, and has leases
	order   []*endpoint          // members, by address
	seen    bool                 // there was a first set
	changed chan struct{}        // closed when a new table is there; nil: nobody waits
	check   chan struct{}        // tells the leading Run that members have changed
	wrong   string               // what discovery failed with, as it was logged
}

// ErrNoEndpoint is what Pick and Dial return, wrapped with the reason, where no
// endpoint is known, or none may be used.
var ErrNoEndpoint = errors.New("no endpoint")

// ErrLimit is what Pick and Dial return, wrapped with the limit, when
// Cluster.MaxConns or Cluster.MaxConnsPerEndpoint is reached and stayed so for
// Cluster.MaxWait. It says nothing of how the endpoints are.
var ErrLimit = errors.New("limit of connections reached")

const (
	defaultDialTimeout = 5 * time.Second
	defaultTries       = 3
)

// begin prepares c when it is used for the first time, and returns what is wrong
// with its fields.
func (c *Cluster) begin() error {
	c.once.Do(func() {
		c.epoch = time.Now()
		c.lead = make(chan struct{}, 1)
		c.check = make(chan struct{}, 1)
		c.members, c.leaving = map[string]*endpoint{}, map[*endpoint]bool{}
		c.invalid = c.validate()
		if fixed, ok := c.Endpoints.(Static); ok && c.invalid == nil {
			c.update(fixed, nil) // needs no life
		}
	})
	return c.invalid
}

// Validate returns all that is wrong with c's fields, in one error. It does not
// count as use.
func (c *Cluster) Validate() error { return c.validate() }

// Ready blocks until an endpoint may be used: the first ones are discovered and,
// with a Check, one has passed it. It returns ctx's cause if ctx ends before. It
// may turn unready again. Except for a Static without a Check it takes a Run.
func (c *Cluster) Ready(ctx context.Context) error {
	if err := c.begin(); err != nil {
		return fmt.Errorf("upstream: %w", err)
	}
	return c.await(ctx, func() bool {
		t := c.fresh(time.Now())
		return t != nil && t.ready
	})
}

// await returns when the condition is met, asked again after each change.
func (c *Cluster) await(ctx context.Context, met func() bool) error {
	for {
		c.mu.Lock()
		if c.changed == nil {
			c.changed = make(chan struct{})
		}
		changed := c.changed
		c.mu.Unlock()
		if met() {
			return nil
		}
		again, stop := c.nextChange()
		select {
		case <-changed:
		case <-again:
		case <-ctx.Done():
			stop()
			return context.Cause(ctx)
		}
		stop()
	}
}

// nextChange is when the table is due to be made anew, if it is.
func (c *Cluster) nextChange() (at <-chan time.Time, stop func()) {
	t := c.table.Load()
	if t == nil || t.until.IsZero() {
		return nil, func() {}
	}
	timer := time.NewTimer(max(time.Until(t.until), time.Millisecond))
	return timer.C, func() { timer.Stop() }
}

// use takes the logger of the container that uses c, if no other one does.
func (c *Cluster) use(ctx context.Context) {
	if c.log.Load() == nil {
		c.log.CompareAndSwap(nil, sandbox.Logger(ctx))
	}
}

func (c *Cluster) logger() *slog.Logger {
	if l := c.log.Load(); l != nil {
		return l
	}
	return slog.Default()
}

func (c *Cluster) dialTimeout() time.Duration { return cmp.Or(c.DialTimeout, defaultDialTimeout) }
func (c *Cluster) tries() int                 { return cmp.Or(c.Tries, defaultTries) }
func (c *Cluster) balancer() Balancer {
	if c.Balancer == nil {
		return LeastRequests{}
	}
	return c.Balancer
}
