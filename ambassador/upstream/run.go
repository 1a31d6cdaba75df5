package upstream

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v4"

	"github.com/podpatterns/podpatterns/pod/sandbox"
)

// Run discovers the endpoints and checks them until ctx is done, and then returns
// nil. A proxy calls it for as long as it serves; one that is called several times
// at once, as by several proxies, lives on the context of one of them, and goes on
// with that of the next when it ends. Before, it returns what is wrong with the
// fields, or with the files of TLS. It can be called again: what is known of the
// endpoints stays.
func (c *Cluster) Run(ctx context.Context) error {
	if err := c.run(ctx); err != nil {
		return fmt.Errorf("upstream: %w", err)
	}
	return nil
}

func (c *Cluster) run(ctx context.Context) error {
	if err := c.begin(); err != nil {
		return err
	}
	if c.TLS != nil {
		if err := c.TLS.of().Load(ctx); err != nil && ctx.Err() == nil {
			return fmt.Errorf("TLS: %w", err)
		}
	}
	select {
	case c.lead <- struct{}{}:
	case <-ctx.Done():
		return nil
	}
	defer func() { <-c.lead }()
	c.log.Store(sandbox.Logger(ctx))
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var all sync.WaitGroup
	all.Go(func() { c.discover(ctx) })
	if c.Check != nil {
		all.Go(func() { c.checkAll(ctx) })
	}
	all.Wait()
	<-ctx.Done()
	return nil
}

// discover has the Source watch, and again after it failed.
func (c *Cluster) discover(ctx context.Context) {
	wait := backoff.NewExponentialBackOff(
		backoff.WithInitialInterval(time.Second), backoff.WithMultiplier(2), backoff.WithRandomizationFactor(0.1),
		backoff.WithMaxInterval(30*time.Second), backoff.WithMaxElapsedTime(0))
	for ctx.Err() == nil {
		err := c.watchSource(ctx, wait)
		if err == nil || ctx.Err() != nil {
			return
		}
		c.report(err)
		t := time.NewTimer(wait.NextBackOff())
		select {
		case <-t.C:
		case <-ctx.Done():
			t.Stop()
		}
	}
}

// watchSource makes an error of a panic, which would end the process.
func (c *Cluster) watchSource(ctx context.Context, wait backoff.BackOff) (err error) {
	returned := false
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("discovery panicked: %v\n%s", v, debug.Stack())
		} else if !returned {
			c.report(errors.New("discovery called runtime.Goexit, and does not go on in this run"))
		}
	}()
	err = c.Endpoints.Watch(ctx, func(set []Endpoint, err error) {
		if ctx.Err() == nil {
			if err == nil {
				wait.Reset()
			}
			c.update(set, err)
		}
	})
	returned = true
	return err
}

// checkAll checks each member for as long as it is one.
func (c *Cluster) checkAll(ctx context.Context) {
	var all sync.WaitGroup
	defer all.Wait()
	running := map[*endpoint]context.CancelFunc{}
	for {
		c.mu.Lock()
		members := make(map[*endpoint]bool, len(c.order))
		for _, e := range c.order {
			members[e] = true
		}
		c.mu.Unlock()
		for e, cancel := range running {
			if !members[e] {
				cancel()
				delete(running, e)
			}
		}
		for e := range members {
			if _, ok := running[e]; !ok {
				one, cancel := context.WithCancel(ctx)
				running[e] = cancel
				all.Go(func() { c.watch(one, e) })
			}
		}
		select {
		case <-c.check:
		case <-ctx.Done():
			for _, cancel := range running {
				cancel()
			}
			return
		}
	}
}
