package httpproxy

import (
	"cmp"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// Budget allows retries only as a share of the requests of the last Window, or so
// many a second where requests are few. What is in flight does not matter, so that
// it holds at low rates as well, where a share of that is less than one. &Budget{}
// is one with the defaults. It must not be copied, or changed once it is used;
// several [Retry] may share one.
//
// When a retry is allowed, those of the last Window, with it, are at most Share of
// the requests in it, or those of the last second, with it, at most PerSecond.
type Budget struct {
	// Share of the requests that may be retries, as 0.2 is one retry for five
	// requests. 0: 0.2; negative: none, which leaves PerSecond; more than 100, or
	// no number: an error.
	Share float64

	// PerSecond is how many retries a second are allowed whatever the Share.
	// 0: 10; negative: none.
	PerSecond int

	// Window is for how long requests count. 0: 10 s; less than 1 s: an error.
	Window time.Duration

	once  sync.Once
	start time.Time
	mu    sync.Mutex // held to allow a retry, and where a slot begins anew
	slots [budgetSlots]budgetSlot
}

// A budgetSlot counts what happened in a hundredth of a Window, the number of
// which since the start is its epoch.
type budgetSlot struct {
	epoch, requests, retries atomic.Int64
}

const (
	budgetParts = 100 // of a Window
	budgetSlots = 128 // the next power of two, with room for what is late
)

func (b *Budget) share() float64        { return max(cmp.Or(b.Share, 0.2), 0) }
func (b *Budget) perSecond() int64      { return int64(max(cmp.Or(b.PerSecond, 10), 0)) }
func (b *Budget) window() time.Duration { return cmp.Or(b.Window, 10*time.Second) }
func (b *Budget) part() time.Duration   { return b.window() / budgetParts }

// request counts a request that is not a retry.
func (b *Budget) request() {
	epoch := b.epoch()
	s := &b.slots[epoch%budgetSlots]
	if s.epoch.Load() != epoch {
		b.mu.Lock()
		s.beginLocked(epoch)
		b.mu.Unlock()
	}
	s.requests.Add(1)
}

// retry counts a retry, if it is allowed.
func (b *Budget) retry() bool {
	epoch := b.epoch()
	b.mu.Lock()
	defer b.mu.Unlock()
	// What is asked for are exactly a Window and a second. Of a slot that only
	// partly belongs to them retries count, and requests do not.
	second := int64((time.Second + b.part() - 1) / b.part())
	var requests, retries, latest int64
	for i := max(epoch-budgetParts, 0); i <= epoch; i++ {
		s := &b.slots[i%budgetSlots]
		if s.epoch.Load() != i {
			continue
		}
		n := s.retries.Load()
		retries += n
		if i > epoch-budgetParts {
			requests += s.requests.Load()
		}
		if i >= epoch-second {
			latest += n
		}
	}
	if float64(retries+1) > b.share()*float64(requests) && latest >= b.perSecond() {
		return false
	}
	s := &b.slots[epoch%budgetSlots]
	s.beginLocked(epoch)
	s.retries.Add(1)
	return true
}

func (b *Budget) epoch() int64 {
	b.once.Do(func() { b.start = time.Now() })
	return int64(time.Since(b.start) / b.part())
}

// beginLocked has s count for an epoch, if it does not yet count for that or a
// later one.
func (s *budgetSlot) beginLocked(epoch int64) {
	if s.epoch.Load() < epoch {
		s.requests.Store(0)
		s.retries.Store(0)
		s.epoch.Store(epoch)
	}
}

// validate returns what is wrong with b's fields.
func (b *Budget) validate() error {
	switch {
	case b == nil:
	case !(b.Share <= 100):
		return fmt.Errorf("Share: %v is not a share of up to 100", b.Share)
	case b.Window != 0 && b.Window < time.Second:
		return fmt.Errorf("Window: %v is less than 1s", b.Window)
	}
	return nil
}
