package main

import (
	"bufio"
	"context"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/nxadm/tail"
	"github.com/podpatterns/podpatterns/pod/sandbox"
	"github.com/podpatterns/podpatterns/sidecar/logcollect"
)

// A job is what a peer has to do: follow the files called *.log in dir until ctx is
// done, and deliver their lines, to out if there is one.
type job struct {
	dir string
	out string // a file; empty: the lines are discarded
	got func(lines []byte, count int)
}

// A peer is one of those that are compared.
type peer struct {
	name    string
	run     func(ctx context.Context, j job) error
	follows bool // else it reads a file to its end, once
}

const (
	ours  = "logcollect"
	otel  = "OTel fileconsumer"
	limit = "limit"
)

var peers = []peer{
	{ours, runOurs, true},
	{otel, runOtel, true},
	{"nxadm/tail", runNxadm, true},
	{limit, runLimit, false},
}

func runOurs(ctx context.Context, j job) error {
	root, err := os.OpenRoot(j.dir)
	if err != nil {
		return err
	}
	defer root.Close()
	c := &logcollect.Collector{Include: []string{"*.log"}, Sink: discard{j.got}}
	if j.out != "" {
		c.Sink = &logcollect.File{Path: j.out}
		stop := make(chan struct{})
		defer close(stop)
		go watchStats(c, j.got, stop)
	}
	return c.Run((&sandbox.Sandbox{Logger: slog.New(slog.DiscardHandler)}).Context(ctx), root)
}

// watchStats tells how much a File has taken, which nothing else does.
func watchStats(c *logcollect.Collector, got func([]byte, int), stop chan struct{}) {
	var before int64
	for {
		select {
		case <-stop:
			return
		case <-time.After(time.Millisecond):
		}
		if now := c.Stats().Lines; now > before {
			got(nil, int(now-before))
			before = now
		}
	}
}

type discard struct{ got func([]byte, int) }

func (d discard) Write(_ context.Context, batch logcollect.Batch) error {
	n := 0
	for _, c := range batch.Chunks {
		n += c.Count
	}
	d.got(batch.Lines, n)
	return nil
}

// A lineSink is what a peer that has single lines writes them to.
type lineSink struct {
	job
	mu   sync.Mutex
	file *os.File
	w    *bufio.Writer
}

func (j job) lines() (*lineSink, error) {
	s := &lineSink{job: j, w: bufio.NewWriterSize(io.Discard, 64<<10)}
	if j.out == "" {
		return s, nil
	}
	f, err := os.OpenFile(j.out, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, err
	}
	s.file, s.w = f, bufio.NewWriterSize(f, 64<<10)
	return s, nil
}

func (s *lineSink) write(lines ...[]byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, line := range lines {
		if s.file != nil {
			s.w.Write(line)
			s.w.WriteByte('\n')
		}
		s.got(line, 1)
	}
}

func (s *lineSink) flush() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.w.Flush()
}

func runNxadm(ctx context.Context, j job) error {
	s, err := j.lines()
	if err != nil {
		return err
	}
	names, err := filepath.Glob(filepath.Join(j.dir, "*.log"))
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	var all sync.WaitGroup
	for _, name := range names {
		t, err := tail.TailFile(name, tail.Config{Follow: true, ReOpen: true, Logger: tail.DiscardingLogger})
		if err != nil {
			stop()
			return err
		}
		all.Go(func() { follow(ctx, t, s) })
	}
	each := time.NewTicker(5 * time.Millisecond)
	defer each.Stop()
	for ctx.Err() == nil {
		select {
		case <-each.C:
			s.flush()
		case <-ctx.Done():
		}
	}
	stop()
	all.Wait()
	return s.flush()
}

func follow(ctx context.Context, t *tail.Tail, s *lineSink) {
	defer t.Stop()
	for {
		select {
		case line := <-t.Lines:
			s.write([]byte(strings.TrimSuffix(line.Text, "\r")))
		case <-ctx.Done():
			return
		}
	}
}

// runLimit is what every collector has to do at least.
func runLimit(_ context.Context, j job) error {
	f, err := os.Open(filepath.Join(j.dir, "a.log"))
	if err != nil {
		return err
	}
	defer f.Close()
	var out io.Writer = io.Discard
	if j.out != "" {
		o, err := os.Create(j.out)
		if err != nil {
			return err
		}
		defer o.Close()
		out = o
	}
	return scan(f, out, j.got)
}
