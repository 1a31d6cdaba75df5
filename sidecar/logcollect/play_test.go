package logcollect

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/podpatterns/podpatterns/pod/sandbox"
)

// A mortal is a File whose process dies when a Write comes: before it, in the
// middle of it, or after it and before the checkpoint. What is on disk then is
// what the next process finds; what the rest of the run does is taken back.
type mortal struct {
	*File
	b *bench

	mu       sync.Mutex
	failures int
	dying    moment
	left     remains // nil: it is alive
}

type moment int

const (
	alive moment = iota
	before
	within
	after
)

var errDead = errors.New("the process is dead")

func (m *mortal) Write(ctx context.Context, batch Batch) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case m.left != nil:
		return errDead
	case m.failures > 0:
		m.failures--
		return syscall.ENOSPC
	case m.dying == alive:
		return m.File.Write(ctx, batch)
	case m.dying == within:
		m.b.append("out", string(batch.Lines[:len(batch.Lines)/2]))
	case m.dying == after:
		if err := m.File.Write(ctx, batch); err != nil {
			return err
		}
	}
	m.left = m.b.save()
	return errDead
}

func (m *mortal) die() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.left == nil {
		m.left = m.b.save()
	}
}

func (m *mortal) dead() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.left != nil
}

// A play is a model and what it is a model of. All of it happens in the bubble's
// time, so that the Collector does nothing while something is done to its files.
type play struct {
	*bench
	m      *model
	choose func(n int) int // 0 … n-1
	said   strings.Builder

	sink    *mortal
	running bool
	kill    context.CancelFunc
}

func newPlay(t *testing.T, choose func(int) int) *play {
	p := &play{bench: newBench(t), m: newModel(), choose: choose}
	p.log = slog.New(slog.NewTextHandler(&p.said, nil))
	require.NoError(t, os.Mkdir(p.path("logs"), 0o755))
	return p
}

func (p *play) note(format string, args ...any) {
	p.log.Info(fmt.Sprintf(format, args...))
}

func (p *play) begin() {
	p.note("start")
	p.m.restarts()
	p.sink = &mortal{File: &File{Path: "out"}, b: p.bench}
	killed, kill := context.WithCancel(context.Background())
	ctx, cancel := context.WithCancel((&sandbox.Sandbox{Logger: p.log, Killed: killed}).Context(context.Background()))
	p.c = &Collector{Include: []string{"logs/*.log"}, Sink: p.sink, PollOnly: true, PollInterval: 200 * time.Millisecond}
	p.cancel, p.kill, p.done = cancel, kill, make(chan error, 1)
	go func() { p.done <- p.c.Run(ctx, p.root) }()
	p.running = true
}

// end stops the Collector in order, unless it dies of that.
func (p *play) end() {
	p.note("stop")
	p.cancel()
	var err error
	stopped := false
	for !stopped && !p.sink.dead() {
		select {
		case err = <-p.done:
			stopped = true
		case <-time.After(time.Millisecond):
		}
	}
	if p.sink.dead() {
		if stopped {
			p.done <- err // which crash waits for
		}
		p.crash()
		return
	}
	p.kill()
	p.running = false
	require.NoError(p, err)
	p.m.stopped()
}

// crash ends the process as it is.
func (p *play) crash() {
	p.note("crash")
	p.sink.die()
	p.kill()
	p.cancel()
	<-p.done
	p.restore(p.sink.left)
	p.running = false
	p.m.crashed()
}

// pass lets time pass, in which the Collector may die.
func (p *play) pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
	if p.running && p.sink.dead() {
		p.crash()
	}
}

// settle waits until all is delivered that can be.
func (p *play) settle() {
	p.note("settle")
	d := time.Second
	if p.m.gone {
		d = 6500 * time.Millisecond // a file that is gone is held for 5 s
	}
	p.pass(d)
	if p.running {
		p.m.settled()
	}
}

// create has the log's file be one with a time of birth of its own.
func (p *play) create(l *modelLog) {
	if !l.exists {
		p.awaitClock()
	}
}

func (p *play) write(l *modelLog) {
	count, half := p.choose(4), p.choose(3) == 0
	p.create(l)
	text := p.m.write(l, count, half)
	p.note("write %s %q", l.name, text)
	p.append(l.name, text)
}

// rotate shifts the generations as logrotate does. The writer may have the file
// open still.
func (p *play) rotate(l *modelLog) {
	if !l.exists {
		return
	}
	for i := l.old; i > 0; i-- {
		from := fmt.Sprintf("%s.%d", l.name, i)
		if _, err := os.Stat(p.path(from)); err == nil {
			p.rename(from, fmt.Sprintf("%s.%d", l.name, i+1))
		}
	}
	p.rename(l.name, l.name+".1")
	text := ""
	if p.choose(3) == 0 {
		text = p.m.write(l, p.choose(3), false)
		p.append(l.name+".1", text)
	}
	p.note("rename %s, then write %q", l.name, text)
	p.m.renamed(l)
	if p.choose(2) == 0 {
		p.create(l)
		p.append(l.name, p.m.write(l, 0, false))
	}
}

// truncate empties the log; a copy is of no interest to the Collector.
func (p *play) truncate(l *modelLog) {
	if !l.exists {
		return
	}
	p.note("truncate %s", l.name)
	if p.choose(2) == 0 {
		p.append("copies/of", p.read(l.name))
	}
	p.bench.truncate(l.name)
	p.m.truncated(l)
}

func (p *play) delete(l *modelLog) {
	if !l.exists {
		return
	}
	p.note("delete %s", l.name)
	p.remove(l.name)
	p.m.deleted(l, p.running)
}

// step does one thing.
func (p *play) step() {
	synctest.Wait()
	l := p.m.logs[p.choose(len(p.m.logs))]
	switch c := p.choose(24); {
	case c < 8:
		p.write(l)
	case c < 11:
		p.rotate(l)
	case c == 11:
		p.truncate(l)
	case c == 12:
		p.delete(l)
	case c < 16:
		d := time.Duration(p.choose(200)) * time.Millisecond
		p.note("%v pass", d)
		p.pass(d)
	case c < 18:
		p.settle()
	case !p.running:
		p.begin()
	case c < 20:
		p.end()
	case c == 20:
		p.crash()
	case c == 21:
		p.sink.mu.Lock()
		p.sink.failures = p.choose(4)
		p.note("%d failures", p.sink.failures)
		p.sink.mu.Unlock()
	default:
		p.sink.mu.Lock()
		p.sink.dying = moment(1 + p.choose(3))
		p.note("to die at the next write, %d", p.sink.dying)
		p.sink.mu.Unlock()
	}
}

// run does steps and checks what was collected of it.
func (p *play) run(steps int) {
	defer func() {
		if p.running {
			p.kill()
			p.cancel()
			<-p.done
		}
		if p.Failed() {
			p.Logf("what was done, and what the Collector said:\n%s", p.said.String())
		}
	}()
	p.begin()
	for range steps {
		p.step()
	}
	for !p.running || p.sink.dying != alive {
		if p.running {
			p.crash()
		}
		p.begin()
	}
	p.settle()
	p.end()
	p.m.check(p, p.read("out"))
}

// TestModel plays random sequences; LOGCOLLECT_PLAYS says how many, and
// LOGCOLLECT_SEED which one is the first.
func TestModel(t *testing.T) {
	plays, first := uint64(200), rand.Uint64N(1_000_000)
	if testing.Short() {
		plays = 40
	}
	for name, value := range map[string]*uint64{"LOGCOLLECT_PLAYS": &plays, "LOGCOLLECT_SEED": &first} {
		if text := os.Getenv(name); text != "" {
			n, err := strconv.ParseUint(text, 10, 64)
			require.NoError(t, err, name)
			*value = n
		}
	}
	for seed := first; seed < first+plays && !t.Failed(); seed++ {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := rand.New(rand.NewPCG(seed, 0))
				newPlay(t, r.IntN).run(24)
			})
		})
	}
}

// FuzzModel takes its choices from bytes.
func FuzzModel(f *testing.F) {
	f.Add([]byte("a few steps"))
	f.Add([]byte{0, 1, 3, 1, 0, 9, 0, 0, 17, 0, 20, 0, 18, 0, 1, 2, 0})
	f.Fuzz(func(t *testing.T, choices []byte) {
		synctest.Test(t, func(t *testing.T) {
			steps := min(len(choices)/3, 40)
			newPlay(t, func(n int) int {
				if len(choices) == 0 {
					return 0
				}
				c := int(choices[0]) % n
				choices = choices[1:]
				return c
			}).run(steps)
		})
	})
}
