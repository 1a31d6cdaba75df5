//go:build linux

package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/podpatterns/podpatterns/internal/rivals/contest"
)

const fewIdle = 300

// A scenario is a row's worth of figures.
type scenario struct {
	name     string
	load     load
	idle     bool // with some idle connections open
	asNobody bool
}

func scenarios() []scenario {
	list := []scenario{
		{name: "short", load: shortConns},
		{name: "bulk", load: bulk},
		{name: "bulk idle", load: bulk, idle: true},
		{name: "ping 1", load: pingPong(1)},
		{name: "ping 64", load: pingPong(manyPingers)},
	}
	if os.Getuid() == 0 {
		nobodys := scenario{name: "bulk idle nobody", load: bulk, idle: true, asNobody: true}
		list = slices.Insert(list, 3, nobodys)
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

// results are the figures of all rounds, by contender and then by name.
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
				if err := r.one(dir, backend, c, s); err != nil {
					return nil, fmt.Errorf("%s: %s: %w", c.name, s.name, err)
				}
			}
		}
		for _, c := range all {
			if !p.wants(memory) {
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
func start(dir string, backend *contest.Process, c contender, asNobody bool) (p *contest.Process, err error) {
	if c.command == nil {
		return &contest.Process{Addr: backend.Addr}, nil
	}
	for range 3 {
		if p, err = startOnce(dir, backend, c, asNobody); err == nil {
			break
		}
	}
	return p, err
}

func startOnce(dir string, backend *contest.Process, c contender, asNobody bool) (*contest.Process, error) {
	addr, err := contest.FreeAddr()
	if err != nil {
		return nil, err
	}
	own, err := os.MkdirTemp(dir, "") // what it writes belongs to who it runs as
	if err != nil {
		return nil, err
	}
	command, err := c.command(own, addr, backend.Addr)
	if err := errors.Join(err, os.Chmod(own, 0o777)); err != nil {
		return nil, err
	}
	return contest.Start(command, addr, asNobody)
}

func (r *results) one(dir string, backend *contest.Process, c contender, s scenario) error {
	p, err := start(dir, backend, c, s.asNobody)
	if err != nil {
		return err
	}
	defer p.Stop()
	if s.idle {
		conns, err := openIdle(p.Addr, fewIdle)
		defer closeAll(conns)
		if err != nil {
			return err
		}
	}
	if _, err := s.load(p.Addr, r.plan.each/10); err != nil { // warms it up
		return err
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
	}
	return nil
}

// idleMemory measures what a connection takes on which nothing is said.
func (r *results) idleMemory(dir string, backend *contest.Process, c contender) error {
	if c.command == nil {
		return nil
	}
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
	most := r.idle
	if c.hungry {
		most = min(most, (contest.Capacity()-100)/3)
	}
	more, err := openIdle(p.Addr, most-len(conns))
	conns = append(conns, more...)
	if err != nil {
		return err
	}
	r.figures.Add(c.name, "idle open", float64(len(conns)))
	r.figures.Add(c.name, "idle KB", float64(p.Memory()-memory)/float64(len(more))/1024)
	r.figures.Add(c.name, "idle files", float64(p.Descriptors()-files)/float64(len(more)))
	return nil
}
