package podtest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os/exec"
	"testing"
	"time"
)

// A Kill is what [KillLoop] does. Command and Done are needed.
type Kill struct {
	// Command returns the process that is to be killed, not started yet. It is
	// called for each start. As a rule that is the test binary itself, whose
	// TestMain is the program under test where a variable of the environment says
	// so. What it says on Stdout and Stderr, where these are nil, is shown if the
	// test fails. Processes that it starts itself are not killed with it. It must
	// not be nil.
	Command func() *exec.Cmd

	// Kills is how often a process is killed. 0: 200; negative: an error.
	Kills int

	// Life is how long at most a process lives. The moment of its end is random.
	// 0: 50 ms; negative: an error.
	Life time.Duration

	// Work gives the processes something to do, a little each time, as a write to a
	// log that they follow. It is called again and again, in the goroutine of the
	// test, about each millisecond while one runs, and once while none does. It is
	// not called any more when the last one runs. nil: none.
	Work func()

	// Progress returns a number that changes as a process does its work, as the
	// size of what it writes. Every second life then is counted from the first
	// change on, so that half of the kills are sure to hit a process that is at
	// work, and a change that does not come is an error. nil: all lives are counted
	// from the start of the process.
	Progress func() int64

	// Done tells whether the last process, which is not killed, has done all the
	// work. Then it is sent SIGTERM, and has to end with exit code 0; on Windows it
	// is killed as well. It must not be nil.
	Done func() bool

	patience time.Duration // 0: killPatience
}

// killPatience is how long is waited for a change, for Done and for the last end.
const killPatience = time.Minute

// KillLoop starts a process, kills it with SIGKILL at a random moment, and starts
// it again, many times, and lets the last one finish. What is there then is the
// caller's to check. It fails t at once if a process ends by itself, or if a minute
// passes without a change, without Done, or between SIGTERM and the end.
//
// A SIGKILL is the crash of a process: what it has written stays. It is not a loss
// of power.
func KillLoop(t testing.TB, k Kill) {
	t.Helper()
	began := time.Now()
	if err := k.loop(); err != nil {
		t.Fatalf("podtest: %v", err)
	}
	t.Logf("podtest: %d kills in %v", k.kills(), time.Since(began).Round(time.Millisecond))
}

func (k Kill) kills() int {
	if k.Kills == 0 {
		return 200
	}
	return k.Kills
}

func (k Kill) life() time.Duration {
	if k.Life == 0 {
		return 50 * time.Millisecond
	}
	return k.Life
}

func (k Kill) check() error {
	switch {
	case k.Command == nil:
		return errors.New("Kill.Command: nil, so there is nothing to kill")
	case k.Done == nil:
		return errors.New("Kill.Done: nil, so there is no end")
	case k.Kills < 0:
		return fmt.Errorf("Kill.Kills: %d is negative", k.Kills)
	case k.Life < 0:
		return fmt.Errorf("Kill.Life: %v is negative", k.Life)
	}
	return nil
}

func (k Kill) loop() error {
	if err := k.check(); err != nil {
		return err
	}
	if k.patience == 0 {
		k.patience = killPatience
	}
	if k.Work == nil {
		k.Work = func() {}
	}
	for i := range k.kills() {
		if err := k.one(i%2 == 1 && k.Progress != nil); err != nil {
			return fmt.Errorf("process %d of %d: %w", i+1, k.kills(), err)
		}
		k.Work()
	}
	if err := k.last(); err != nil {
		return fmt.Errorf("the last process: %w", err)
	}
	return nil
}

// one starts a process and kills it.
func (k Kill) one(atWork bool) error {
	v, err := startVictim(k.Command())
	if err != nil {
		return err
	}
	defer v.kill() // also if Work ends the test
	if atWork {
		before := k.Progress()
		changed := func() bool { return k.Progress() != before }
		if err := v.await("a change of Progress", changed, k.Work, k.patience); err != nil {
			return err
		}
	}
	end := time.Now().Add(rand.N(k.life()))
	return v.await("its end", func() bool { return !time.Now().Before(end) }, k.Work, k.life()+k.patience)
}

// last starts a process that is to finish the work.
func (k Kill) last() error {
	v, err := startVictim(k.Command())
	if err != nil {
		return err
	}
	defer v.kill()
	if err := v.await("Done", k.Done, func() {}, k.patience); err != nil {
		return err
	}
	return v.stop(k.patience)
}
