package httpproxy

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"
)

// Retry says which requests are tried again, and how. &Retry{} is one with the
// defaults. It must not be copied or changed once it is used; routes that share
// one share its budget.
//
// What may be tried again is less than what Envoy's retry_on allows, which does
// not look at the method. A request of which upstream has seen nothing is, whatever
// it is: the endpoint could not be dialled. So is one that may be repeated, when its
// connection breaks without an answer, when TryTimeout is over, or when the answer's
// status is one of Statuses: those of an idempotent method (RFC 9110, 9.2.2), and any
// with a field Idempotency-Key or X-Idempotency-Key. Nothing is once the client has
// seen any of an answer, and what asks to leave HTTP, as CONNECT and Upgrade do, only
// if upstream has seen nothing of it. A stream that HTTP/2 refuses (RFC 9113, 8.7)
// before any of its body is sent is opened anew whether there is a Retry or not, and
// is no try of its own.
//
// When the last try has no answer, the one of an earlier try is passed on.
type Retry struct {
	// Tries is how many there are of one request at most, the first one included.
	// 0: 3; 1: none is repeated; negative: an error.
	Tries int

	// Statuses are those of answers that are not passed on while the request may be
	// repeated. nil: 502, 503 and 504; empty, but not nil: none; one that is not
	// from 400 to 599 is an error.
	Statuses []int

	// TryTimeout is how long one try may take until the head of its answer is there.
	// 0: as long as the whole request; negative: an error.
	TryTimeout time.Duration

	// MaxBody is how many bytes of a request's body are kept to be sent again, as
	// they pass. A request of which more has been read is not repeated. 0: 64 KiB;
	// negative: none are kept, and only what has no body is repeated, or whose body
	// nobody has read.
	MaxBody int

	// Pause is how long to wait before the second try; before each one after it it
	// is twice as long, up to MaxPause. All vary at random by half. 0: 25 ms;
	// negative: an error.
	Pause time.Duration

	// MaxPause is the longest pause. 0: ten times Pause; negative, or less than
	// Pause: an error.
	MaxPause time.Duration

	// MaxRetryAfter is the longest pause that an answer's Retry-After (RFC 9110,
	// 10.2.3) may ask for. An answer that asks for more is passed on. 0: 1 s;
	// negative: the field is not heeded.
	MaxRetryAfter time.Duration

	// Budget limits retries to a share of all requests, so that they do not
	// multiply the load of an upstream that fails. nil: one with the defaults.
	Budget *Budget

	once sync.Once
	own  *Budget
}

const (
	defaultTries         = 3
	defaultMaxBody       = 64 << 10
	defaultPause         = 25 * time.Millisecond
	defaultMaxRetryAfter = time.Second
)

func (r *Retry) tries() int                   { return cmp.Or(r.Tries, defaultTries) }
func (r *Retry) pause() time.Duration         { return cmp.Or(r.Pause, defaultPause) }
func (r *Retry) maxPause() time.Duration      { return cmp.Or(r.MaxPause, 10*r.pause()) }
func (r *Retry) maxRetryAfter() time.Duration { return cmp.Or(r.MaxRetryAfter, defaultMaxRetryAfter) }
func (r *Retry) maxBody() int                 { return max(cmp.Or(r.MaxBody, defaultMaxBody), 0) }

func (r *Retry) budget() *Budget {
	if r.Budget != nil {
		return r.Budget
	}
	r.once.Do(func() { r.own = &Budget{} })
	return r.own
}

// repeats tells whether an answer of that status is to be tried again.
func (r *Retry) repeats(status int) bool {
	if r.Statuses == nil {
		return status >= http.StatusBadGateway && status <= http.StatusGatewayTimeout
	}
	return slices.Contains(r.Statuses, status)
}

// validate returns what is wrong with r's fields.
func (r *Retry) validate() error {
	if r == nil {
		return nil
	}
	if r.Tries < 0 {
		return fmt.Errorf("Tries: %d is negative", r.Tries)
	}
	for _, s := range r.Statuses {
		if s < 400 || s > 599 {
			return fmt.Errorf("Statuses: %d is not from 400 to 599", s)
		}
	}
	if r.TryTimeout < 0 {
		return fmt.Errorf("TryTimeout: %v is negative", r.TryTimeout)
	}
	if r.Pause < 0 {
		return fmt.Errorf("Pause: %v is negative", r.Pause)
	}
	if r.MaxPause < 0 {
		return fmt.Errorf("MaxPause: %v is negative", r.MaxPause)
	}
	if r.maxPause() < r.pause() {
		return fmt.Errorf("MaxPause: %v is less than Pause, %v", r.maxPause(), r.pause())
	}
	if err := r.Budget.validate(); err != nil {
		return fmt.Errorf("Budget: %w", err)
	}
	return nil
}
