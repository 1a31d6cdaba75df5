package tcpproxy

import (
	"context"
	"fmt"
	"reflect"
	"runtime/debug"

	"golang.org/x/sync/errgroup"
)

// A runner is an [Upstream] that has work of its own to do while it is used.
type runner interface{ Run(context.Context) error }

// runners are the Run methods that go on while a Proxy serves.
type runners struct {
	group  errgroup.Group
	cancel context.CancelFunc
}

// runUpstreams starts each Run method once. One that fails before it is told to
// stop has failed called.
func (r *run) runUpstreams(failed func()) *runners {
	ctx, cancel := context.WithCancel(r.grace)
	all := &runners{cancel: cancel}
	started := map[runner]bool{}
	for _, u := range r.proxy.upstreams() {
		one, ok := u.Upstream.(runner)
		if !ok {
			continue
		}
		if reflect.TypeOf(one).Comparable() {
			if started[one] {
				continue
			}
			started[one] = true
		}
		all.group.Go(func() error {
			err := runOne(ctx, one)
			if err == nil || ctx.Err() != nil {
				return nil
			}
			failed()
			return fmt.Errorf("%s: run: %w", u.name, err)
		})
	}
	return all
}

// runOne makes an error of a panic, which would end the process.
func runOne(ctx context.Context, u runner) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("panicked: %v\n%s", v, debug.Stack())
		}
	}()
	return u.Run(ctx)
}

// stop returns the first error, once all have returned.
func (r *runners) stop() error {
	r.cancel()
	return r.group.Wait()
}
