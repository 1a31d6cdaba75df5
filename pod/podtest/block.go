package podtest

import (
	"context"
	"net"
	"os"
	"testing"
	"time"

	"github.com/podpatterns/podpatterns/pod/sandbox"
)

// A block is an implementation under test, whatever its pattern is.
type block struct {
	method  string // that is called: Run, Serve or Adapt
	adapter bool   // may be given no listener
	listens bool   // is given a listener, and answers on it
	new     func() instance
	limits  limits

	completes bool // it listens nowhere, and returns nil when it has done its work
}

// An instance is one value of the block.
type instance struct {
	run   func(ctx context.Context, root *os.Root, l net.Listener) error
	ready func(ctx context.Context) error // nil: it has no Ready
}

func newInstance(v any, run func(context.Context, *os.Root, net.Listener) error) instance {
	i := instance{run: run}
	if r, ok := v.(interface{ Ready(context.Context) error }); ok {
		i.ready = r.Ready
	}
	return i
}

// limits bound every wait, because a block may be broken in any way.
type limits struct {
	patience time.Duration // for what may take its time: getting ready
	prompt   time.Duration // for what has nothing to wait for
	settle   time.Duration // how long it is watched that something does not happen
	grace    time.Duration // of a run that uses it up
	long     time.Duration // of a run that must not
}

var usual = limits{
	patience: 10 * time.Second,
	prompt:   2 * time.Second,
	settle:   50 * time.Millisecond,
	grace:    300 * time.Millisecond,
	long:     sandbox.DefaultGrace,
}

// A rule is one of the lifecycle contract.
type rule struct {
	name  string
	check func(*trial)
	when  func(*block) bool // nil: always
	first bool              // nothing else can be tried where it is broken
}

func listens(b *block) bool   { return b.listens }
func isAdapter(b *block) bool { return b.adapter }
func hasReady(b *block) bool  { return b.new().ready != nil }

var rules = []rule{
	{name: "no listener", check: noListener, when: isAdapter},
	{name: "start", check: start, first: true},
	{name: "stop", check: stop, first: true},
	{name: "stop before ready", check: stopBeforeReady},
	{name: "stop while busy", check: stopWhileBusy},
	{name: "work is finished", check: workIsFinished, when: listens},
	{name: "listener closed before the drain", check: listenerClosedFirst, when: listens},
	{name: "killed", check: killed},
	{name: "run again", check: runAgain},
	{name: "two runs at once", check: twoAtOnce},
	{name: "ready", check: readiness, when: hasReady},
	{name: "nothing left behind", check: nothingLeft},
}

// test puts the block through the rules, each by run.
func (b *block) test(run func(name string, check func(testing.TB)) (ok bool)) (broken string) {
	for _, r := range rules {
		if r.when != nil && !r.when(b) {
			continue
		}
		ok := run(r.name, func(t testing.TB) { r.check(newTrial(t, b)) })
		if !ok && r.first {
			return r.name
		}
	}
	return ""
}

func (b *block) testAll(t *testing.T) {
	t.Helper()
	broken := b.test(func(name string, check func(testing.TB)) bool {
		return t.Run(name, func(t *testing.T) { check(t) })
	})
	if broken != "" {
		t.Logf("the rules after %q were not tried: all of them need it", broken)
	}
}
