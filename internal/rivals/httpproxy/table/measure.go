//go:build linux

package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"

	"github.com/podpatterns/podpatterns/internal/rivals/contest"
)

// A scenario is a row's worth of figures.
type scenario struct {
	name string
	load load
	h2   bool
}

func scenarios() []scenario {
	list := []scenario{
		{name: "small", load: asking(smallConns, "small", smallSize, 1)},
		{name: "big", load: asking(bigConns, "big", bigSize, bigSize/1e9)},
	}
	if _, err := exec.LookPath("h2load"); err == nil {
		list = append(list, scenario{name: "h2", load: overH2, h2: true})
	}
	return list
}

const memory = "memory" // is no load

func names() (list []string) {
	for _, s := range scenarios() {
		list = append(list, s.name)
	}
	return append(list, memory)
}

// results are what was measured.
type results struct {
	plan    plan
	all     []contender
	idle    int
	figures contest.Figures
}

func (p plan) wants(scenario string) bool { return len(p.of) == 0 || slices.Contains(p.of, scenario) }

// measure runs every scenario of every contender in turn, and again.
func measure(p plan, all []contender) (*results, error) {
	dir, err := contest.Install()
	defer os.RemoveAll(dir)
	if err != nil {
		return nil, err
	}
	addr, err := contest.FreeAddr()
	if err != nil {
		return nil, err
	}
	backend, err := contest.Start([]string{filepath.Join(dir, "table"), "backend", addr, ""}, addr, false)
	if err != nil {
		return nil, err
	}
	defer backend.Stop()
	r := &results{plan: p, all: all, idle: min(p.idle, contest.Capacity()-100), figures: contest.Figures{}}
	for round := range p.rounds {
		for _, s := range scenarios() {
			if !p.wants(s.name) {
				continue
			}
			for i := range all {
				c := all[(i+round)%len(all)] // so that none is always first
				if s.h2 && c.h1 {
					continue
				}
				if err := r.one(dir, backend, c, s); err != nil {
					return nil, fmt.Errorf("%s: %s: %w", c.name, s.name, err)
				}
			}
		}
		for _, c := range all {
			if !p.wants(memory) || c.command == nil {
				continue
			}
			if err := r.idleMemory(dir, backend, c); err != nil {
				return nil, fmt.Errorf("%s: %w", c.name, err)
			}
		}
	}
	return r, nil
}

// start starts a contender, again where another program took its port before it.
func start(dir string, backend *contest.Process, c contender, h2 bool) (p *contest.Process, err error) {
	if c.command == nil {
		return &contest.Process{Addr: backend.Addr}, nil
	}
	for range 3 {
		if p, err = startOnce(dir, backend, c, h2); err == nil {
			break
		}
	}
	return p, err
}

func startOnce(dir string, backend *contest.Process, c contender, h2 bool) (*contest.Process, error) {
	addr, err := contest.FreeAddr()
	if err != nil {
		return nil, err
	}
	own, err := os.MkdirTemp(dir, "") // what it writes belongs to who it runs as
	if err != nil {
		return nil, err
	}
	command, err := c.command(own, addr, backend.Addr, h2)
	if err := errors.Join(err, os.Chmod(own, 0o777)); err != nil {
		return nil, err
	}
	return contest.Start(command, addr, false)
}

func (r *results) one(dir string, backend *contest.Process, c contender, s scenario) error {
	p, err := start(dir, backend, c, s.h2)
	if err != nil {
		return err
	}
	defer p.Stop()
	if _, err := s.load(p.Addr, r.plan.each/10); err != nil { // warms it up
		return err
	}
	ours := p.Real() && c.program == ""
	var allocated uint64
	if ours {
		if allocated, err = mallocs(dir, p); err != nil {
			return err
		}
	}
	before := p.CPU()
	figures, err := s.load(p.Addr, r.plan.each)
	if err != nil {
		return err
	}
	used := p.CPU() - before
	for name, value := range figures {
		r.figures.Add(c.name, s.name+" "+name, value)
	}
	if figures["n"] > 0 && p.Real() {
		r.figures.Add(c.name, s.name+" cpu", float64(used)/float64(time.Microsecond)/figures["n"])
		if ours {
			now, err := mallocs(dir, p)
			if err != nil {
				return err
			}
			r.figures.Add(c.name, s.name+" mallocs", float64(now-allocated)/figures["n"])
		}
		r.figures.Add(c.name, s.name+" MB", float64(p.Memory())/(1<<20))
	}
	return nil
}

// idleMemory measures what a connection takes on which nothing is said.
func (r *results) idleMemory(dir string, backend *contest.Process, c contender) error {
	p, err := start(dir, backend, c, false)
	if err != nil {
		return err
	}
	defer p.Stop()
	conns, err := openIdle(p.Addr, 10) // so that what is made once is there
	defer func() { closeAll(conns) }()
	if err != nil {
		return err
	}
	memory, files := p.Memory(), p.Descriptors()
	more, err := openIdle(p.Addr, r.idle-len(conns))
	conns = append(conns, more...)
	if err != nil {
		return err
	}
	r.figures.Add(c.name, "idle KB", float64(p.Memory()-memory)/float64(len(more))/1024)
	r.figures.Add(c.name, "idle files", float64(p.Descriptors()-files)/float64(len(more)))
	return nil
}
