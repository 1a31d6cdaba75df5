package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// A live peer follows a log that is being written.
type live struct {
	dir    string
	out    string
	cmd    *exec.Cmd
	said   bytes.Buffer
	cancel context.CancelFunc
	file   *os.File // the log
}

func (s setup) start(p peer, o order) (*live, error) {
	dir, remove, err := s.place()
	if err != nil {
		return nil, err
	}
	l := &live{dir: dir, out: filepath.Join(dir, "out")}
	l.cancel = remove
	if l.file, err = os.Create(filepath.Join(dir, "a.log")); err == nil {
		err = l.again(p, o)
	}
	if err != nil {
		l.close()
		return nil, err
	}
	return l, nil
}

// again starts a process for the peer.
func (l *live) again(p peer, o order) (err error) {
	ctx, cancel := context.WithTimeout(context.Background(), tooLong)
	before := l.cancel
	l.cancel = func() { cancel(); before() }
	o.Peer, o.Dir = p.name, l.dir
	if o.Out != "" {
		o.Out = l.out
	}
	if l.cmd, err = o.process(ctx); err != nil {
		return err
	}
	l.said.Reset()
	l.cmd.Stdout = &l.said
	return l.cmd.Start()
}

func (l *live) close() {
	if l.file != nil {
		l.file.Close()
	}
	l.cancel()
}

// settle waits until the file that the peer writes has size bytes, or does not grow
// for a while.
func (l *live) settle(size int64, quiet time.Duration) int64 {
	var last int64
	since := time.Now()
	for time.Since(since) < quiet {
		time.Sleep(time.Millisecond)
		fi, err := os.Stat(l.out)
		if err == nil && fi.Size() != last {
			last, since = fi.Size(), time.Now()
		}
		if size > 0 && last >= size {
			break
		}
	}
	return last
}

// end stops the process in order.
func (l *live) end() (r result, err error) {
	if err := l.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return r, err
	}
	if err := l.cmd.Wait(); err != nil {
		return r, err
	}
	return r, json.Unmarshal(l.said.Bytes(), &r)
}

// latency writes 10,000 lines a second, each with the time.
func (s setup) latency(p peer) (result, error) {
	l, err := s.start(p, order{Times: true})
	if err != nil {
		return result{}, err
	}
	defer l.close()
	time.Sleep(500 * time.Millisecond) // until it follows
	rest := strings.Repeat("x", lineSize-21)
	each := time.NewTicker(time.Millisecond)
	defer each.Stop()
	began := time.Now()
	for n := 0; time.Since(began) < s.watch; <-each.C {
		for ; n < int(time.Since(began).Seconds()*10_000); n++ {
			fmt.Fprintf(l.file, "%019d %s\n", time.Now().UnixNano(), rest)
		}
	}
	time.Sleep(500 * time.Millisecond) // those that poll have seen all
	return l.end()
}

const burstLines = 20_000

// burst rotates the log in the middle of many lines, stops at once, and returns how
// many lines are not delivered.
func (s setup) burst(p peer) (int64, error) {
	l, err := s.start(p, order{Out: "out"})
	if err != nil {
		return 0, err
	}
	defer l.close()
	fmt.Fprint(l.file, numbered(0))
	if l.settle(lineSize, 20*time.Second) < lineSize {
		return 0, fmt.Errorf("%s: does not follow the log", p.name)
	}
	for n := range int64(burstLines) {
		if n == burstLines/2 {
			name := l.file.Name()
			l.file.Close()
			if err := os.Rename(name, name+".1"); err != nil {
				return 0, err
			}
			if l.file, err = os.Create(name); err != nil {
				return 0, err
			}
		}
		if _, err := l.file.WriteString(numbered(n + 1)); err != nil {
			return 0, err
		}
	}
	if _, err := l.end(); err != nil {
		return 0, err
	}
	lost, _, err := compare(l.out, burstLines+1)
	return lost, err
}

// killed kills the peer when it has written half of the log, and starts it again.
func (s setup) killed(p peer, lines int64) (lost, doubled int64, err error) {
	l, err := s.start(p, order{Out: "out"})
	if err != nil {
		return 0, 0, err
	}
	defer l.close()
	var block strings.Builder
	for n := range lines {
		block.WriteString(numbered(n))
	}
	if _, err := l.file.WriteString(block.String()); err != nil {
		return 0, 0, err
	}
	l.settle(lines*lineSize/2, 20*time.Second)
	if err := l.cmd.Process.Kill(); err != nil {
		return 0, 0, err
	}
	l.cmd.Wait()
	if err := l.again(p, order{Out: "out"}); err != nil {
		return 0, 0, err
	}
	l.settle(0, 3*time.Second)
	if _, err := l.end(); err != nil {
		return 0, 0, err
	}
	return compare(l.out, lines)
}

// compare looks for the numbers below count in what a peer has written.
func compare(out string, count int64) (lost, doubled int64, err error) {
	text, err := os.ReadFile(out)
	if err != nil {
		return 0, 0, err
	}
	times := make([]int64, count)
	for line := range strings.Lines(string(text)) {
		var n int64
		if _, err := fmt.Sscanf(line[:min(len(line), 12)], "%d", &n); err == nil && n >= 0 && n < count && line == numbered(n) {
			times[n]++
		}
	}
	for _, n := range times {
		if n == 0 {
			lost++
		} else {
			doubled += n - 1
		}
	}
	return lost, doubled, nil
}
