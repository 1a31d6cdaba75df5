package httpproxy

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/cenkalti/backoff/v4"
)

// An ending is how one try of a request ended without an answer, and tryAnswered
// if it had one.
type ending int

const (
	tryAnswered ending = iota
	tryUnseen          // upstream has seen nothing of it: it was not dialled
	tryBroken          // the connection broke, or TryTimeout was over, after bytes had left
	tryFinal           // no other try may change it: the client has left, its body failed, a limit of this side was reached
)

// An attempt is what a try of a request has come to.
type attempt struct {
	ending     ending
	status     int    // of the answer
	retryAfter string // what the answer says, if anything
	bodyGone   bool   // more of the request's body was read than was kept
}

// A repeat keeps account of the tries of one request. The zero value is that of
// one that is tried once.
type repeat struct {
	retry      *Retry
	repeatable bool // it may be repeated although upstream has seen it
	done       int  // tries that ended
	pause      *backoff.ExponentialBackOff
}

// newRepeat begins the account of a request.
func newRepeat(r *Retry, method string, hasKey, upgrade bool) repeat {
	if r == nil {
		return repeat{}
	}
	r.budget().request()
	leaves := upgrade || method == http.MethodConnect
	return repeat{retry: r, repeatable: !leaves && (hasKey || idempotent(method))}
}

// A verdict is whether a request is tried again.
type verdict int

const (
	passOn    verdict = iota // what has become of it is what the client gets
	tryAgain                 // after a pause
	exhausted                // it would be, if the Budget allowed it
)

// more tells whether another try may follow, so that the body has to be kept and
// the answer looked at.
func (p *repeat) more() bool { return p.retry != nil && p.done+1 < p.retry.tries() }

// after tells what to do when a try has ended. left is what is left of the time
// of the whole request; 0 is any.
func (p *repeat) after(a attempt, left time.Duration) (verdict, time.Duration) {
	more := p.more()
	p.done++
	if !more || a.bodyGone || !p.wanted(a) {
		return passOn, 0
	}
	wait := p.nextPause()
	if a.ending == tryAnswered {
		if asked, ok := retryAfter(a.retryAfter, time.Now()); ok && p.retry.MaxRetryAfter >= 0 {
			if asked > p.retry.maxRetryAfter() {
				return passOn, 0
			}
			wait = max(wait, asked)
		}
	}
	if left > 0 && wait >= left {
		return passOn, 0
	}
	if !p.retry.budget().retry() {
		return exhausted, 0
	}
	return tryAgain, wait
}

// wanted tells whether that should be tried again, and may be.
func (p *repeat) wanted(a attempt) bool {
	switch a.ending {
	case tryUnseen:
		return true
	case tryBroken:
		return p.repeatable
	case tryAnswered:
		return p.repeatable && p.retry.repeats(a.status)
	}
	return false
}

func (p *repeat) nextPause() time.Duration {
	if p.pause == nil {
		b := backoff.NewExponentialBackOff()
		b.InitialInterval, b.MaxInterval = p.retry.pause(), p.retry.maxPause()
		b.Multiplier, b.RandomizationFactor, b.MaxElapsedTime = 2, 0.5, 0
		b.Reset()
		p.pause = b
	}
	return p.pause.NextBackOff()
}

// retryAfter reads the field of that name: seconds, or a date (RFC 9110, 10.2.3).
func retryAfter(value string, now time.Time) (time.Duration, bool) {
	value = strings.Trim(value, " \t")
	if value == "" {
		return 0, false
	}
	if strings.Trim(value, "0123456789") == "" {
		n, err := strconv.ParseInt(value, 10, 32)
		if err != nil {
			return maxAfter, true // more than anyone waits
		}
		return time.Duration(n) * time.Second, true
	}
	at, err := http.ParseTime(value)
	if err != nil {
		return 0, false
	}
	return max(at.Sub(now), 0), true
}

const maxAfter = 1 << 31 * time.Second

// rest waits, unless done is closed before.
func rest(done <-chan struct{}, wait time.Duration) bool {
	t := time.NewTimer(wait)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-done:
		return false
	}
}
