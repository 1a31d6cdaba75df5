package podtest

import (
	"sync"
	"time"
)

// A deadline wakes those who wait for a condition when its time has come. The
// condition's lock guards it, also during its methods.
type deadline struct {
	timer  *time.Timer
	passed bool
}

func (d *deadline) set(changed *sync.Cond, t time.Time) {
	d.stop()
	if t.IsZero() {
		return
	}
	left := time.Until(t)
	if left <= 0 {
		d.passed = true
		changed.Broadcast()
		return
	}
	var timer *time.Timer
	timer = time.AfterFunc(left, func() {
		changed.L.Lock()
		defer changed.L.Unlock()
		if d.timer == timer { // else it was set anew while this waited for the lock
			d.passed = true
			changed.Broadcast()
		}
	})
	d.timer = timer
}

func (d *deadline) stop() {
	if d.timer != nil {
		d.timer.Stop()
	}
	d.timer, d.passed = nil, false
}
