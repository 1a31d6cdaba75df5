package httpproxy

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"
	"golang.org/x/time/rate"
)

// Limits keep requests off an upstream that could not bear them. What is over one
// waits, if it may, and is then refused with a field Retry-After, unseen by
// upstream: over Rate with 429, as Envoy's local rate limit and nginx's limit_req
// are mostly set up, and over Concurrent with 503, as their limits of connections
// are. A retry is not counted anew. It must not be copied or changed once it is
// used; routes that share one share its limits.
type Limits struct {
	// Concurrent is how many requests there are at once, each until its answer is
	// sent. 0: any number; negative: an error.
	Concurrent int

	// Rate is how many requests begin in a time, and how many at once. nil: any
	// number; one with a burst of 0 is an error.
	Rate *rate.Limiter

	// MaxWait is how long a request waits, in the order they came, to be within
	// both. 0: it is refused at once; negative: an error.
	MaxWait time.Duration

	// Queue is how many may wait at once. 0: 1,000; negative: an error.
	Queue int

	// RetryAfter is when those that are over Concurrent are asked to come again, in
	// whole seconds. Rate knows that itself. 0: 1 s; negative: an error.
	RetryAfter time.Duration

	once    sync.Once
	slots   *semaphore.Weighted // nil if Concurrent is 0
	waiting atomic.Int64
	active  atomic.Int64
}

func (l *Limits) queue() int64 { return int64(cmp.Or(l.Queue, 1000)) }

// A limited is why a request is refused.
type limited struct {
	what  string
	code  int
	after time.Duration
}

func (l *limited) Error() string      { return "over the limit: " + l.what }
func (l *limited) Is(err error) bool  { return err == ErrLimited }
func (l *limited) retryAfter() string { return strconv.Itoa(int(math.Ceil(l.after.Seconds()))) }

// ErrLimited is what a RoundTripper of [Limits] returns, wrapped with the limit,
// for what it refuses.
var ErrLimited = errors.New("over the limit")

// enter lets a request in, or returns why not. What it lets in has to leave.
func (l *Limits) enter(ctx context.Context) error {
	if l == nil {
		return nil
	}
	l.once.Do(func() {
		if l.Concurrent > 0 {
			l.slots = semaphore.NewWeighted(int64(l.Concurrent))
		}
	})
	if l.slots != nil && !l.slots.TryAcquire(1) {
		if err := l.wait(ctx); err != nil {
			return err
		}
	}
	if err := l.pace(ctx); err != nil {
		if l.slots != nil {
			l.slots.Release(1)
		}
		return err
	}
	l.active.Add(1)
	return nil
}

func (l *Limits) leave() {
	if l == nil {
		return
	}
	l.active.Add(-1)
	if l.slots != nil {
		l.slots.Release(1)
	}
}

// wait waits for one of Concurrent.
func (l *Limits) wait(ctx context.Context) error {
	full := &limited{what: "Concurrent", code: http.StatusServiceUnavailable, after: cmp.Or(l.RetryAfter, time.Second)}
	if !l.queueUp() {
		return full
	}
	defer l.waiting.Add(-1)
	waiting, cancel := context.WithTimeout(ctx, l.MaxWait)
	defer cancel()
	switch err := l.slots.Acquire(waiting, 1); {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return context.Cause(ctx)
	}
	return full
}

// pace waits for Rate.
func (l *Limits) pace(ctx context.Context) error {
	if l.Rate == nil {
		return nil
	}
	now := time.Now()
	turn := l.Rate.ReserveN(now, 1)
	wait := turn.DelayFrom(now)
	if !turn.OK() { // the burst was set to 0 meanwhile
		wait = time.Second
	}
	if wait == 0 {
		return nil
	}
	over := &limited{what: "Rate", code: http.StatusTooManyRequests, after: wait}
	if !turn.OK() || wait > l.MaxWait || !l.queueUp() {
		turn.CancelAt(now)
		return over
	}
	defer l.waiting.Add(-1)
	if !rest(ctx.Done(), wait) {
		turn.Cancel()
		return context.Cause(ctx)
	}
	return nil
}

// queueUp takes a place among those that wait, if there is one.
func (l *Limits) queueUp() bool {
	if l.MaxWait <= 0 {
		return false
	}
	if l.waiting.Add(1) > l.queue() {
		l.waiting.Add(-1)
		return false
	}
	return true
}

// validate returns what is wrong with l's fields.
func (l *Limits) validate() error {
	switch {
	case l == nil:
	case l.Concurrent < 0:
		return fmt.Errorf("Concurrent: %d is negative", l.Concurrent)
	case l.Rate != nil && l.Rate.Limit() != rate.Inf && l.Rate.Burst() < 1:
		return fmt.Errorf("Rate: a burst of %d lets nothing through", l.Rate.Burst())
	case l.MaxWait < 0:
		return fmt.Errorf("MaxWait: %v is negative", l.MaxWait)
	case l.Queue < 0:
		return fmt.Errorf("Queue: %d is negative", l.Queue)
	case l.RetryAfter < 0:
		return fmt.Errorf("RetryAfter: %v is negative", l.RetryAfter)
	}
	return nil
}
