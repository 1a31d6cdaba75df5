package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

const childArg = "peer"

// An order is what a process of its own does.
type order struct {
	Peer  string
	Dir   string
	Out   string        // a file; empty: none
	Until int64         // lines; 0: until SIGTERM
	Times bool          // the lines begin with the time of their writing
	Idle  time.Duration // how long to watch it idle after Until, if more than 0
}

// A result is what it has measured.
type result struct {
	Lines    int64
	Took     time.Duration // to Until
	CPU      time.Duration // meanwhile, or while it was idle
	RSS      int64         // bytes at most; while it was idle
	P50, P99 time.Duration
}

// process starts the order in a process of its own.
func (o order) process(ctx context.Context) (*exec.Cmd, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(o)
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, self, childArg, string(text))
	cmd.Env = append(os.Environ(), inChild+"=1")
	cmd.Stderr = os.Stderr
	return cmd, nil
}

const inChild = "LOGCOLLECT_TABLE_CHILD" // for the test binary, whose arguments are its own

func (o order) run(ctx context.Context) (r result, err error) {
	cmd, err := o.process(ctx)
	if err != nil {
		return r, err
	}
	out, err := cmd.Output()
	if err != nil {
		return r, fmt.Errorf("%s: %w", o.Peer, err)
	}
	return r, json.Unmarshal(out, &r)
}

// child carries out an order, and prints the result.
func child(args []string) error {
	var o order
	if err := json.Unmarshal([]byte(args[0]), &o); err != nil {
		return err
	}
	p := peers[slices.IndexFunc(peers, func(p peer) bool { return p.name == o.Peer })]
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	t := &tally{until: o.Until, times: o.Times, reached: make(chan struct{})}
	began, used := time.Now(), cpu()
	ended := make(chan error, 1)
	go func() { ended <- p.run(ctx, job{dir: o.Dir, out: o.Out, got: t.got}) }()
	var r result
	var err error
	running := true
	if o.Until > 0 {
		select {
		case <-t.reached:
		case err = <-ended:
			running = false
		case <-ctx.Done():
		}
		r.Took, r.CPU, r.RSS = time.Since(began), cpu()-used, memory("VmHWM")
	}
	if o.Idle > 0 {
		time.Sleep(2 * time.Second)
		used = cpu()
		time.Sleep(o.Idle)
		r.CPU, r.RSS = cpu()-used, memory("VmRSS")
	}
	if o.Until > 0 {
		stop()
	}
	if running {
		err = <-ended
	}
	r.Lines, r.P50, r.P99 = t.result()
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(r)
}

// A tally counts lines.
type tally struct {
	until   int64
	times   bool
	reached chan struct{}

	mu    sync.Mutex
	lines int64
	took  []time.Duration
}

func (t *tally) got(lines []byte, count int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.times {
		now := time.Now().UnixNano()
		for line := range strings.Lines(string(lines)) {
			if len(line) < 20 {
				continue // a line that was delivered in pieces
			}
			if at, err := strconv.ParseInt(line[:19], 10, 64); err == nil {
				t.took = append(t.took, time.Duration(now-at))
			}
		}
	}
	before := t.lines
	t.lines += int64(count)
	if before < t.until && t.lines >= t.until {
		close(t.reached)
	}
}

func (t *tally) result() (lines int64, p50, p99 time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if n := len(t.took); n > 0 {
		slices.Sort(t.took)
		p50, p99 = t.took[n/2], t.took[n*99/100]
	}
	return t.lines, p50, p99
}
