package upstream

import (
	"context"
	"log/slog"
)

// A change is one that is logged: of an endpoint's state, or of the panic.
type change struct {
	e        *endpoint
	from, to State
	panics   bool
	well, of int
}

// tell logs changes, with no lock held. It says what ejects an endpoint where
// that happens.
func (c *Cluster) tell(changes []change) {
	if c.queue.waiting.Load() > 0 {
		c.queue.signal()
	}
	log := c.logger()
	for _, ch := range changes {
		switch {
		case ch.e == nil && ch.panics:
			log.Warn("upstream: too few endpoints are well, all are used", "well", ch.well, "of", ch.of)
		case ch.e == nil:
			log.Info("upstream: enough endpoints are well again", "well", ch.well, "of", ch.of)
		case ch.from == "" || ch.from == Unchecked && ch.to == Healthy, ch.to == Ejected, ch.to == Unhealthy: // told where it happens
		default:
			level := slog.LevelInfo
			switch {
			case ch.to == HalfOpen, ch.from == HalfOpen && ch.to == Open: // each OpenFor of an endpoint that stays as it is
				level = slog.LevelDebug
			case ch.to == Open:
				level = slog.LevelWarn
			}
			log.Log(context.Background(), level, "upstream: endpoint has changed", "endpoint", ch.e.address, "from", string(ch.from), "to", string(ch.to))
		}
	}
}
