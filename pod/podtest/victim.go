package podtest

import (
	"fmt"
	"os/exec"
	"runtime"
	"sync"
	"syscall"
	"time"
)

// A victim is a process that is going to be killed.
type victim struct {
	cmd   *exec.Cmd
	said  ending
	ended chan struct{}
	err   error // of Wait; when ended is closed
}

func startVictim(cmd *exec.Cmd) (*victim, error) {
	v := &victim{cmd: cmd, ended: make(chan struct{})}
	if cmd.Stdout == nil {
		cmd.Stdout = &v.said
	}
	if cmd.Stderr == nil {
		cmd.Stderr = &v.said
	}
	if cmd.WaitDelay == 0 {
		cmd.WaitDelay = time.Second // somebody that it started may hold its output open
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	go v.wait()
	return v, nil
}

func (v *victim) wait() {
	v.err = v.cmd.Wait()
	close(v.ended)
}

func (v *victim) kill() {
	v.cmd.Process.Kill()
	<-v.ended
}

// await works until done. It returns an error if the process ends before that, or
// if patience does.
func (v *victim) await(what string, done func() bool, work func(), patience time.Duration) error {
	deadline := time.Now().Add(patience)
	pause := time.NewTicker(time.Millisecond)
	defer pause.Stop()
	for !done() {
		select {
		case <-v.ended:
			return fmt.Errorf("ended by itself: %w", v.report())
		case <-pause.C:
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("waited %v for %s in vain%s", patience, what, v.said.String())
		}
		work()
	}
	return nil
}

// stop asks the process to end, where the system has a way to ask.
func (v *victim) stop(patience time.Duration) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	if err := v.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		<-v.ended
		return fmt.Errorf("ended by itself: %w", v.report())
	}
	select {
	case <-v.ended:
	case <-time.After(patience):
		return fmt.Errorf("has not ended %v after SIGTERM%s", patience, v.said.String())
	}
	if v.err != nil {
		return fmt.Errorf("after SIGTERM: %w", v.report())
	}
	return nil
}

// report says how the process has ended.
func (v *victim) report() error {
	if v.err == nil {
		return fmt.Errorf("exit code 0%s", v.said.String())
	}
	return fmt.Errorf("%w%s", v.err, v.said.String())
}

// An ending keeps the end of what is written to it.
type ending struct {
	mu   sync.Mutex
	text []byte
}

// endingSize is what it keeps at least.
const endingSize = 16 << 10

func (e *ending) Write(b []byte) (int, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.text = append(e.text, b...)
	if len(e.text) > 2*endingSize {
		e.text = append(e.text[:0], e.text[len(e.text)-endingSize:]...)
	}
	return len(b), nil
}

// String is what an error says of it.
func (e *ending) String() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.text) == 0 {
		return ", without a word"
	}
	return "; it said:\n" + string(e.text)
}
