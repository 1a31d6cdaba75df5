//go:build linux

package contest

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// Results are what was measured.
type Results struct {
	Plan    Plan
	All     []Contender
	Figures Figures

	contest *Contest
	dir     string
	backend *Process
	idle    int
}

func (p Plan) wants(scenario string) bool { return len(p.Of) == 0 || slices.Contains(p.Of, scenario) }

// Measure runs every scenario of every contender in turn, and again.
func (c *Contest) Measure(p Plan, all []Contender) (*Results, error) {
	dir, err := install()
	defer os.RemoveAll(dir)
	if err != nil {
		return nil, err
	}
	addr, err := FreeAddr()
	if err != nil {
		return nil, err
	}
	backend, err := Start([]string{filepath.Join(dir, "table"), "backend", addr, ""}, addr, false)
	if err != nil {
		return nil, err
	}
	defer backend.Stop()
	r := &Results{Plan: p, All: all, Figures: Figures{}, contest: c, dir: dir, backend: backend, idle: min(p.Idle, Capacity()-100)}
	for round := range p.Rounds {
		if err := r.round(round); err != nil {
			return nil, err
		}
	}
	return r, nil
}

func (r *Results) round(round int) error {
	for _, s := range r.contest.Scenarios {
		if !r.Plan.wants(s.Name) {
			continue
		}
		for i := range r.All {
			one := r.All[(i+round)%len(r.All)] // so that none is always first
			if slices.Contains(one.Not, s.Name) {
				continue
			}
			if err := r.one(one, s); err != nil {
				return fmt.Errorf("%s: %s: %w", one.Name, s.Name, err)
			}
		}
	}
	for _, one := range r.All {
		if !r.Plan.wants(memory) || one.Command == nil {
			continue
		}
		if err := r.idleMemory(one); err != nil {
			return fmt.Errorf("%s: %w", one.Name, err)
		}
	}
	return nil
}

// start starts a contender, again where another program took its port before it.
func (r *Results) start(one Contender, s Scenario) (p *Process, err error) {
	if one.Command == nil {
		return &Process{Addr: r.backend.Addr}, nil
	}
	for range 3 {
		if p, err = r.startOnce(one, s); err == nil {
			break
		}
	}
	return p, err
}

func (r *Results) startOnce(one Contender, s Scenario) (*Process, error) {
	addr, err := FreeAddr()
	if err != nil {
		return nil, err
	}
	own, err := os.MkdirTemp(r.dir, "") // what it writes belongs to who it runs as
	if err != nil {
		return nil, err
	}
	command, err := one.Command(own, addr, r.backend.Addr, s.Name)
	if err := errors.Join(err, os.Chmod(own, 0o777)); err != nil {
		return nil, err
	}
	return Start(command, addr, s.AsNobody)
}

func (r *Results) one(one Contender, s Scenario) error {
	p, err := r.start(one, s)
	if err != nil {
		return err
	}
	defer p.Stop()
	conns, err := r.contest.OpenIdle(p.Addr, s.Idle)
	defer closeAll(conns)
	if err != nil {
		return err
	}
	if _, err := s.Load(p.Addr, r.Plan.Each/10); err != nil { // warms it up
		return err
	}
	allocated, err := r.mallocs(one, p, s)
	if err != nil {
		return err
	}
	before := p.CPU()
	figures, err := s.Load(p.Addr, r.Plan.Each)
	if err != nil {
		return err
	}
	used := p.CPU() - before
	for name, value := range figures {
		r.Figures.Add(one.Name, s.Name+" "+name, value)
	}
	if figures["n"] == 0 || p.cmd == nil {
		return nil
	}
	r.Figures.Add(one.Name, s.Name+" cpu", float64(used)/float64(time.Microsecond)/figures["n"])
	r.Figures.Add(one.Name, s.Name+" MB", float64(p.Memory())/(1<<20))
	now, err := r.mallocs(one, p, s)
	if err == nil && now > 0 {
		r.Figures.Add(one.Name, s.Name+" mallocs", float64(now-allocated)/figures["n"])
	}
	return err
}

// idleMemory measures what a connection takes on which nothing is said.
func (r *Results) idleMemory(one Contender) error {
	p, err := r.start(one, Scenario{Name: memory})
	if err != nil {
		return err
	}
	defer p.Stop()
	conns, err := r.contest.OpenIdle(p.Addr, 10) // so that what is made once is there
	defer func() { closeAll(conns) }()
	if err != nil {
		return err
	}
	memory, files := p.Memory(), p.Descriptors()
	most := r.idle
	if one.Hungry {
		most = min(most, (Capacity()-100)/3)
	}
	more, err := r.contest.OpenIdle(p.Addr, most-len(conns))
	conns = append(conns, more...)
	if err != nil {
		return err
	}
	r.Figures.Add(one.Name, "idle open", float64(len(conns)))
	r.Figures.Add(one.Name, "idle KB", float64(p.Memory()-memory)/float64(len(more))/1024)
	r.Figures.Add(one.Name, "idle files", float64(p.Descriptors()-files)/float64(len(more)))
	return nil
}

func closeAll(conns []net.Conn) {
	for _, c := range conns {
		c.(*net.TCPConn).SetLinger(0) // leaves no port in TIME-WAIT
		c.Close()
	}
}
