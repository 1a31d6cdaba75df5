//go:build linux

// Package contest is what the tables that put proxies beside their peers share: each
// runs as a process of its own, and figures become medians of interleaved rounds.
// It needs Linux.
package contest

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	mostConns = 10_000
	nobody    = 65534
)

// RaiseLimit lets this process and its children open what 10,000 connections of a
// proxy take, if it may.
func RaiseLimit() {
	want := syscall.Rlimit{Cur: 2*mostConns + 2000, Max: 2*mostConns + 2000}
	var have syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &have) == nil && have.Cur < want.Cur {
		if syscall.Setrlimit(syscall.RLIMIT_NOFILE, &want) != nil {
			have.Cur = have.Max
			syscall.Setrlimit(syscall.RLIMIT_NOFILE, &have)
		}
	}
}

// Capacity is how many connections a proxy may have here.
func Capacity() int {
	var have syscall.Rlimit
	syscall.Getrlimit(syscall.RLIMIT_NOFILE, &have)
	return min(mostConns+500, (int(have.Cur)-1000)/2) // less what pipes take
}

// A Process is a contender that runs, or the backend. One with nothing but an Addr
// is no process, where there is no proxy.
type Process struct {
	Addr string    // where it listens
	cmd  *exec.Cmd // nil where there is no proxy
	said *bytes.Buffer
	over chan struct{} // closed when it has ended
}

// Start starts a command, and waits until it accepts connections.
func Start(command []string, addr string, asNobody bool) (*Process, error) {
	p := &Process{Addr: addr, cmd: exec.Command(command[0], command[1:]...), said: &bytes.Buffer{}, over: make(chan struct{})}
	p.cmd.Stdout, p.cmd.Stderr = p.said, p.said
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
	if asNobody {
		p.cmd.SysProcAttr.Credential = &syscall.Credential{Uid: nobody, Gid: nobody}
	}
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		p.cmd.Wait()
		close(p.over)
	}()
	for range 500 {
		if c, err := net.Dial("tcp", addr); err == nil {
			c.Close()
			select {
			case <-p.over: // somebody else was quicker to listen there
			case <-time.After(50 * time.Millisecond):
				return p, nil
			}
		}
		select {
		case <-p.over:
			return nil, fmt.Errorf("%s has ended: %s", strings.Join(command, " "), p.said)
		case <-time.After(10 * time.Millisecond):
		}
	}
	p.Stop()
	return nil, fmt.Errorf("%s does not accept connections: %s", strings.Join(command, " "), p.said)
}

// Stop kills it with its children.
func (p *Process) Stop() {
	if p == nil || p.cmd == nil {
		return
	}
	syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
	<-p.over
}

// pids are those of the process and of its children, as nginx has some.
func (p *Process) pids() []int {
	if p.cmd == nil {
		return nil
	}
	pids := []int{p.cmd.Process.Pid}
	tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pids[0]))
	for _, file := range tasks {
		text, _ := os.ReadFile(file)
		for _, field := range strings.Fields(string(text)) {
			if pid, err := strconv.Atoi(field); err == nil {
				pids = append(pids, pid)
			}
		}
	}
	return pids
}

// CPU is what its threads have used so far, to the nanosecond; those of the
// contenders do not end.
func (p *Process) CPU() (total time.Duration) {
	for _, pid := range p.pids() {
		tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", pid))
		for _, file := range tasks {
			text, _ := os.ReadFile(file)
			if fields := strings.Fields(string(text)); len(fields) > 0 {
				ns, _ := strconv.ParseInt(fields[0], 10, 64)
				total += time.Duration(ns)
			}
		}
	}
	return total
}

// Memory is its memory that is of no file, in bytes.
func (p *Process) Memory() (total int) {
	for _, pid := range p.pids() {
		text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
		_, after, _ := strings.Cut(string(text), "RssAnon:")
		if fields := strings.Fields(after); len(fields) > 0 {
			kb, _ := strconv.Atoi(fields[0])
			total += kb << 10
		}
	}
	return total
}

// Descriptors are those that it has open.
func (p *Process) Descriptors() (total int) {
	for _, pid := range p.pids() {
		names, _ := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
		total += len(names)
	}
	return total
}

// FreeAddr is one that nothing listens at.
func FreeAddr() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// install makes a folder that everybody may read, with this program in it as
// "table".
func install() (dir string, err error) {
	if dir, err = os.MkdirTemp("/tmp", "proxy-table-"); err != nil { // TMPDIR may be closed to others
		return "", err
	}
	self, err := os.Executable()
	if err != nil {
		return dir, err
	}
	text, err := os.ReadFile(self)
	return dir, errors.Join(err, os.Chmod(dir, 0o777), os.WriteFile(filepath.Join(dir, "table"), text, 0o755))
}

// program is this one, as install has put it beside a contender's own folder.
func program(dir string) string { return filepath.Join(filepath.Dir(dir), "table") }
