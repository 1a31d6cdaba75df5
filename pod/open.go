package pod

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/pprof"
	"strings"
	"syscall"
	"time"

	"github.com/podpatterns/podpatterns/pod/sandbox"
)

// open checks the pod and takes all it needs of the machine: the directory and
// every listener. Nothing was started when it fails, and nothing is left.
func (p *Pod) open(ctx context.Context, alone string) (*run, error) {
	problems := p.validate()
	r := &run{pod: p, alone: alone, base: context.WithoutCancel(ctx), inbox: newInbox()}
	if outer, nested := pprof.Label(ctx, labelContainer); nested {
		r.within = outer + " "
	}
	r.packets.network = p.network()
	r.common = sandbox.Sandbox{Grace: p.grace(), Dial: p.network().DialContext, Addr: r.addr, Process: r.process}
	r.addMembers()
	name := p.name()
	if problems.about("Name") {
		name = "pod"
	}
	dir, err := openDirectory(name, p.Dir)
	if err != nil {
		problems.add("Dir", p.Dir, "%w", err)
	} else {
		r.dir = dir
		r.openSockets(ctx, problems)
		r.openEndpoint(ctx, problems)
		if alone != "" {
			if r.marks, err = newMarks(dir.path, alone); err != nil {
				problems.add("Dir", p.Dir, "%w", err)
			}
		}
	}
	if problems.ErrorOrNil() != nil {
		if r.dir != nil {
			r.release()
			r.dir.undo()
		}
		problems.ErrorFormat = r.errorFormat
		return nil, problems.ErrorOrNil()
	}
	r.spec = p.spec(alone)
	observe := logEvents(p.logger().With("pod", p.name()))
	if p.Observer != nil {
		observing := p.observing
		observe = func(e Event) {
			observing <- struct{}{} // a run before may have left its observer behind
			defer func() { <-observing }()
			p.Observer(e)
		}
	}
	r.feed = newFeed(observe, len(r.members))
	r.startedAt = time.Now()
	r.state = newState(r.spec, r.startedAt)
	r.begin()
	r.dir.openAhead(r.conditions.unready) // init containers do not run together with the others
	p.mu.Lock()
	defer p.mu.Unlock()
	p.run = r
	r.endpoint.start()
	return r, nil
}

func (r *run) addMembers() {
	log := r.pod.logger().With("pod", r.pod.name())
	r.byName = make(map[string]*member, len(r.pod.Containers))
	members := make([]member, len(r.pod.Containers))
	for i := range r.pod.Containers {
		c := &r.pod.Containers[i]
		if r.alone != "" && c.Name != r.alone {
			continue
		}
		m := &members[i]
		m.Container, m.place, m.index = c, i, len(r.members)
		m.log = log.With("container", c.Name)
		m.status.Name, m.status.Kind = c.Name, c.kind()
		for kind := range m.checks {
			m.checks[kind] = c.probe(kind)
		}
		r.members = append(r.members, m)
		r.byName[c.Name] = m
	}
}

// openSockets opens the listeners of all members, before anything starts.
func (r *run) openSockets(ctx context.Context, problems *problems) {
	for _, m := range r.members {
		if m.Listen == "" {
			continue
		}
		field := fmt.Sprintf("Containers[%d].Listen", m.place)
		if problems.about(field) {
			continue
		}
		l, err := r.listen(ctx, m.Listen)
		if err != nil {
			problems.add(field, m.Listen, "can't be opened for container %q: %w", m.Name, err)
			continue
		}
		if _, ok := l.(filer); m.Command != nil && !ok {
			l.Close()
			problems.add(field, m.Listen, "can't be handed to the Command of container %q: the pod's Network returned a %T, which has no File", m.Name, l)
			continue
		}
		m.socket = newSocket(l, m.Name, r.pod.holdTimeout())
		m.status.Address = addressText(l.Addr())
	}
}

// A filer is a listener whose socket another process can be given.
type filer interface{ File() (*os.File, error) }

func (r *run) listen(ctx context.Context, listen string) (deadlineListener, error) {
	network, address, err := splitListen(listen)
	if err != nil {
		return nil, err
	}
	if network == "unix" && !filepath.IsAbs(address) {
		address = filepath.Join(r.dir.path, address)
	}
	l, err := r.pod.network().Listen(ctx, network, address)
	if network == "unix" && errors.Is(err, syscall.EADDRINUSE) && r.isStale(ctx, address) {
		os.Remove(address)
		l, err = r.pod.network().Listen(ctx, network, address)
	}
	if err != nil {
		return nil, err
	}
	d, ok := l.(deadlineListener)
	if !ok {
		l.Close()
		return nil, fmt.Errorf("the pod's Network returned a %T, which has no SetDeadline", l)
	}
	return d, nil
}

// isStale says whether the file of a unix socket was left by a process that was
// killed: nobody accepts there any more.
func (r *run) isStale(ctx context.Context, path string) bool {
	c, err := r.pod.network().DialContext(ctx, "unix", path)
	if err == nil {
		c.Close()
	}
	return errors.Is(err, syscall.ECONNREFUSED)
}

// release gives back what open took.
func (r *run) release() (errs []error) {
	if err := r.endpoint.close(); err != nil {
		errs = append(errs, fmt.Errorf("close the status endpoint: %w", err))
	}
	for _, m := range r.members {
		if m.socket != nil {
			if err := m.socket.close(); err != nil {
				errs = append(errs, fmt.Errorf("close the listener of container %q: %w", m.Name, err))
			}
		}
	}
	r.packets.close()
	if err := r.marks.close(); err != nil {
		errs = append(errs, err)
	}
	if err := r.dir.close(); err != nil {
		errs = append(errs, err)
	}
	if r.feed != nil {
		if r.feed.close(r.observerTime()) {
			r.pod.mu.Lock()
			r.pod.observing = nil
			r.pod.mu.Unlock()
		}
	}
	return errs
}

// observerTime is how long Run waits at its end for a slow observer: at most a
// second, and not beyond the time that a stop may take.
func (r *run) observerTime() time.Duration {
	if r.state == nil {
		return 0
	}
	return max(0, min(time.Second, time.Until(r.state.hardEnd)))
}

// errorFormat is one line for one error, and a line each for more.
func (r *run) errorFormat(errs []error) string {
	name := fmt.Sprintf("pod %q", r.pod.name())
	if len(errs) == 1 {
		return name + ": " + errs[0].Error()
	}
	lines := []string{fmt.Sprintf("%s: %d errors:", name, len(errs))}
	for _, err := range errs {
		lines = append(lines, "\t* "+err.Error())
	}
	return strings.Join(lines, "\n")
}
