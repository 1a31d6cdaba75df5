package upstream

import (
	"fmt"
	"time"

	"github.com/podpatterns/podpatterns/internal/absent"
)

// validate returns all that is wrong with c's fields.
func (c *Cluster) validate() error {
	var wrong faults
	if absent.Nil(c.Endpoints) {
		wrong.add("Endpoints: nil, so there is nothing to dial; To(\"127.0.0.1:5432\") makes one")
	} else if v, ok := c.Endpoints.(interface{ Validate() error }); ok {
		wrong.of("Endpoints", v.Validate())
	}
	if c.Balancer != nil && absent.Nil(c.Balancer) {
		wrong.add("Balancer: a nil %T", c.Balancer)
	} else if c.Balancer != nil {
		wrong.of("Balancer", c.Balancer.validate())
	}
	if c.Check != nil {
		wrong.of("Check", c.Check.validate())
	}
	if c.Ejection != nil {
		wrong.of("Ejection", c.Ejection.validate())
	}
	if c.Breaker != nil {
		wrong.of("Breaker", c.Breaker.validate())
	}
	if c.TLS != nil {
		wrong.of("TLS", c.TLS.validate())
	}
	if !(c.PanicThreshold <= 1) {
		wrong.add("PanicThreshold: %v is more than 1", c.PanicThreshold)
	}
	wrong.duration("SlowStart", c.SlowStart)
	wrong.duration("DialTimeout", c.DialTimeout)
	wrong.duration("TryTimeout", c.TryTimeout)
	wrong.duration("MaxWait", c.MaxWait)
	wrong.number("Tries", c.Tries)
	wrong.number("MaxConns", c.MaxConns)
	wrong.number("MaxConnsPerEndpoint", c.MaxConnsPerEndpoint)
	if c.ProxyProtocol < 0 || c.ProxyProtocol > 2 {
		wrong.add("ProxyProtocol: %d is not 0, 1 or 2", c.ProxyProtocol)
	}
	return wrong.err()
}

func (b *Breaker) validate() error {
	var wrong faults
	wrong.number("Failures", b.Failures)
	wrong.duration("OpenFor", b.OpenFor)
	wrong.number("Trials", b.Trials)
	return wrong.err()
}

func (e *Ejection) validate() error {
	var wrong faults
	if !(e.FailureRatio <= 1) {
		wrong.add("FailureRatio: %v is more than 1", e.FailureRatio)
	}
	wrong.number("MinVolume", e.MinVolume)
	wrong.duration("Window", e.Window)
	wrong.duration("Base", e.Base)
	wrong.duration("Max", e.Max)
	if e.Max > 0 && e.Base >= 0 && e.Max < e.base() {
		wrong.add("Max: %v is less than Base, %v", e.Max, e.base())
	}
	if !(e.MaxShare >= 0 && e.MaxShare <= 1) {
		wrong.add("MaxShare: %v is not from 0 to 1", e.MaxShare)
	}
	return wrong.err()
}

func (f *faults) of(field string, err error) {
	if err != nil {
		f.append(fmt.Errorf("%s: %w", field, err))
	}
}

func (f *faults) duration(field string, value time.Duration) {
	if value < 0 {
		f.add("%s: %v is negative", field, value)
	}
}

func (f *faults) number(field string, value int) {
	if value < 0 {
		f.add("%s: %d is negative", field, value)
	}
}
