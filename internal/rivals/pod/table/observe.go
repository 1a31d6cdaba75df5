package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
)

// child plays the contender's scenario that the arguments name, if they do, and
// prints the observation.
func child(args []string) bool {
	if len(args) != 4 || args[0] != "child" {
		return false
	}
	for _, c := range contenders {
		for _, sc := range scenarios {
			if c.name != args[1] || sc.name != args[2] {
				continue
			}
			run := c.run
			if args[3] == "cancelled" {
				run = c.cancelled
			}
			_ = json.NewEncoder(os.Stdout).Encode(play(run, sc))
		}
	}
	return true
}

// observe plays a scenario in a process of its own.
func observe(c contender, sc scenario, how string) (o observation, err error) {
	program, err := os.Executable()
	if err != nil {
		return o, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*limit)
	defer cancel()
	dir, err := os.MkdirTemp("", "child") // for what one that hangs leaves in it
	if err != nil {
		return o, err
	}
	defer os.RemoveAll(dir)
	cmd := exec.CommandContext(ctx, program, "child", c.name, sc.name, how)
	cmd.Env = append(os.Environ(), "TMPDIR="+dir)
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		if ctx.Err() != nil {
			return o, fmt.Errorf("%s, %s: %w", c.name, sc.name, ctx.Err())
		}
		return observation{Died: err.Error() + ": " + said.String()}, nil
	}
	return o, json.Unmarshal(out, &o)
}

func cell(c contender, sc scenario) (string, error) {
	o, err := observe(c, sc, "stopped")
	if err != nil {
		return "", err
	}
	if c.cancelled == nil || sc.name != duringStart {
		return sc.cell(o), nil
	}
	cancelled, err := observe(c, sc, "cancelled")
	return "by signal: " + sc.cell(o) + ". By Start's context: " + sc.cell(cancelled), err
}

// writeBehaviour writes the table of what was observed, a contender a line.
func writeBehaviour(w io.Writer) error {
	rows := make([][]string, len(contenders))
	var all sync.WaitGroup
	var mu sync.Mutex
	var failed error
	slots := make(chan struct{}, 8) // they sleep most of the time
	for i, c := range contenders {
		rows[i] = make([]string, len(scenarios))
		for j, sc := range scenarios {
			all.Go(func() {
				slots <- struct{}{}
				defer func() { <-slots }()
				text, err := cell(c, sc)
				mu.Lock()
				defer mu.Unlock()
				rows[i][j] = text
				if err != nil {
					failed = err
				}
			})
		}
	}
	all.Wait()
	fmt.Fprint(w, "| |")
	for _, sc := range scenarios {
		fmt.Fprintf(w, " %s |", sc.name)
	}
	fmt.Fprintf(w, "\n|---|%s\n", strings.Repeat("---|", len(scenarios)))
	for i, c := range contenders {
		fmt.Fprintf(w, "| %s | %s |\n", c.name, strings.Join(rows[i], " | "))
	}
	return failed
}

func (o observation) has(line string) bool { return slices.Contains(o.Trace, line) }

// count is how often a line is in the trace.
func (o observation) count(line string) int {
	n := 0
	for _, l := range o.Trace {
		if l == line {
			n++
		}
	}
	return n
}

// says tells whether the contender said so, in its error or on the way.
func (o observation) says(what string) bool {
	return slices.ContainsFunc(append(o.Told, o.Err), func(text string) bool {
		return strings.Contains(strings.ToLower(text), strings.ToLower(what))
	})
}

// inOrder is whether all the lines are in the trace, in that order.
func (o observation) inOrder(lines ...string) bool {
	trace := o.Trace
	for _, line := range lines {
		i := slices.Index(trace, line)
		if i < 0 {
			return false
		}
		trace = trace[i+1:]
	}
	return true
}

// left are the services that have started and were not stopped.
func (o observation) left() (names []string) {
	for _, name := range []string{"first", bad, "last"} {
		if o.has("ready "+name) && !o.has("end "+name) {
			names = append(names, name)
		}
	}
	return names
}
