package pod_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/podpatterns/podpatterns/pod"
	"github.com/podpatterns/podpatterns/pod/sandbox"
	"github.com/podpatterns/podpatterns/sidecar"
)

// An interleaving is a pod whose containers, probes and hooks do what an input
// says, and which holds what happens against what must never happen.
type interleaving struct {
	t     *testing.T
	grace time.Duration
	p     *pod.Pod
	parts []*part

	mu    sync.Mutex // over all below, and over the parts
	input []byte
	ended bool // Run has returned
}

// A part is one of its containers.
type part struct {
	of        *interleaving
	name      string
	init      bool
	helper    bool
	at        int // instances now
	begun     bool
	completed bool // an init container
	gate      time.Duration
	passed    bool // its Ready has returned
	restarted bool // by hand
}

func (il *interleaving) take() int {
	il.mu.Lock()
	defer il.mu.Unlock()
	if len(il.input) == 0 {
		return 0
	}
	b := il.input[0]
	il.input = il.input[1:]
	return int(b)
}

// pick is one of some spans of time, most of them short.
func (il *interleaving) span() time.Duration {
	spans := []time.Duration{0, time.Millisecond, 100 * time.Millisecond, time.Second, 3 * time.Second, 10 * time.Second, 40 * time.Second, 5 * time.Minute}
	return spans[il.take()%len(spans)]
}

func newInterleaving(t *testing.T, dir string, input []byte) *interleaving {
	il := &interleaving{t: t, input: input}
	il.grace = []time.Duration{2 * time.Second, 5 * time.Second, 30 * time.Second}[il.take()%3]
	il.p = &pod.Pod{
		Dir: dir, TerminationGracePeriod: il.grace, Observer: func(pod.Event) {},
		RestartPolicy: []pod.RestartPolicy{pod.Always, pod.OnFailure, pod.Never}[il.take()%3],
	}
	if il.take()%8 == 0 {
		il.p.ActiveDeadline = time.Second + il.span()
	}
	for i := range 1 + il.take()%5 {
		il.add(i)
	}
	return il
}

func (il *interleaving) add(i int) {
	pt := &part{of: il, name: fmt.Sprintf("c%d", i)}
	c := pod.Container{Name: pt.name}
	switch kind := il.take() % 4; {
	case i == 0 || kind == 0:
		c.Run = asMain(pt.run)
	case kind == 1:
		pt.init = true
		c.Init, c.Run = true, asMain(pt.run)
	case kind == 2:
		pt.helper, pt.passed = true, true
		c.Sidecar = sidecar.Func(pt.run)
	default:
		pt.helper, pt.gate = true, il.span()
		c.Sidecar = pt
	}
	il.parts = append(il.parts, pt)
	if has := il.take(); !pt.init && has&1 != 0 {
		if has&2 != 0 {
			c.PostStart = il.handler()
		}
		if has&4 != 0 {
			c.PreStop = il.handler()
		}
		if has&8 != 0 {
			c.Startup = &pod.Probe{Handler: il.handler(), Period: time.Second + il.span()}
		}
		if has&16 != 0 {
			c.Liveness = &pod.Probe{Handler: il.handler(), Period: time.Second + il.span(), FailureThreshold: 1 + il.take()%3}
		}
		if has&32 != 0 {
			c.Readiness = &pod.Probe{Handler: il.handler(), Period: time.Second + il.span()}
		}
	}
	il.p.Containers = append(il.p.Containers, c)
}

// handler is a probe's or a hook's; what it does each time is in the input.
func (il *interleaving) handler() pod.HandlerFunc {
	return func(ctx context.Context) error {
		what, d := il.take(), il.span()
		switch what % 8 {
		case 0:
			return errBoom
		case 1:
			panic("in a handler")
		case 2:
			time.Sleep(min(d, time.Second)) // whatever its context says
			return nil
		case 3:
			return after(d, errBoom)(ctx, pod.Env{})
		default:
			return after(d/10, nil)(ctx, pod.Env{})
		}
	}
}

// Run makes a part with a gate a sidecar.
func (pt *part) Run(ctx context.Context, root *os.Root) error { return pt.run(ctx, root) }

func (pt *part) Ready(ctx context.Context) error {
	err := after(pt.gate, nil)(ctx, pod.Env{})
	if err == nil {
		pt.note(func() { pt.passed = true })
	}
	return err
}

func (pt *part) note(what func()) {
	pt.of.mu.Lock()
	defer pt.of.mu.Unlock()
	what()
}

func (pt *part) run(ctx context.Context, root *os.Root) error {
	pt.note(pt.enter)
	defer pt.note(func() { pt.at-- })
	what, d := pt.of.take(), pt.of.span()
	grace, cancel := sandbox.Grace(ctx)
	defer cancel()
	if what%10 < 5 { // it ends by itself, or runs until it is told
		select {
		case <-passed(d):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	switch what % 10 {
	case 0, 1:
		if pt.init {
			pt.note(func() { pt.completed = true })
		}
		return nil
	case 2:
		return errBoom
	case 3:
		panic("in a run")
	case 4:
		runtime.Goexit()
	case 5:
		time.Sleep(d) // it does not listen to anybody
		return errors.New("late")
	case 6:
		<-ctx.Done()
		select {
		case <-passed(d):
		case <-grace.Done():
		}
		return nil
	}
	<-ctx.Done()
	return ctx.Err()
}

// enter holds the begin of a run against what must never happen.
func (pt *part) enter() {
	il := pt.of
	pt.at++
	if pt.at > 1 {
		il.t.Errorf("%s: two instances at once", pt.name)
	}
	if il.ended {
		il.t.Errorf("%s: begun after the end", pt.name)
	}
	if pt.init && pt.completed && !pt.restarted {
		il.t.Errorf("%s: success is run again", pt.name)
	}
	if pt.begun {
		return
	}
	pt.begun = true
	for _, before := range il.parts {
		if before == pt && (pt.init || pt.helper) {
			break
		}
		if before.init && !before.completed {
			il.t.Errorf("%s: begun before %s has completed", pt.name, before.name)
		}
		if before.helper && !before.passed {
			il.t.Errorf("%s: begun before %s has started", pt.name, before.name)
		}
	}
}

// play runs an interleaving to its end.
func play(t *testing.T, dir string, input []byte) {
	synctest.Test(t, func(t *testing.T) {
		il := newInterleaving(t, dir, input)
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		done := make(chan struct{})
		go func() {
			defer close(done)
			il.p.Run(ctx)
			il.parts[0].note(func() { il.ended = true })
		}()
		for range il.take() % 4 {
			time.Sleep(il.span())
			pt := il.parts[il.take()%len(il.parts)]
			pt.note(func() { pt.restarted = true })
			go il.p.Restart(pt.name)
			il.p.Status()
		}
		time.Sleep(il.span())
		stop()
		began := time.Now()
		<-done
		if took, limit := time.Since(began), max(il.grace, 2*time.Second)+2*time.Second; took > limit {
			t.Errorf("it ended %v after the stop, not within %v", took, limit)
		}
		if phase := il.p.Status().Phase; phase != pod.Succeeded && phase != pod.Failed {
			t.Errorf("it ended as %s", phase)
		}
		time.Sleep(time.Hour) // what was abandoned returns, or the bubble fails
	})
}

func FuzzInterleavings(f *testing.F) {
	random := rand.New(rand.NewPCG(3, 4))
	for range 8 {
		f.Add(randomInput(random))
	}
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, input []byte) {
		if len(input) <= 300 {
			play(t, dir, input)
		}
	})
}

func randomInput(random *rand.Rand) []byte {
	input := make([]byte, 20+random.IntN(150))
	for i := range input {
		input[i] = byte(random.Uint32())
	}
	return input
}

func TestRandomInterleavings(t *testing.T) {
	n := 10_000
	if testing.Short() || pod.RaceEnabled {
		n = 500
	}
	random := rand.New(rand.NewPCG(1, 2))
	dir := t.TempDir()
	var input []byte
	defer func() {
		if v := recover(); v != nil {
			t.Fatalf("with the input %#v: %v", input, v)
		}
	}()
	for range n {
		input = randomInput(random)
		if play(t, dir, input); t.Failed() {
			t.Fatalf("with the input %#v", input)
		}
	}
}
