package logcollect

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/podpatterns/podpatterns/pod/sandbox"
)

// record lets a Collector deliver some lines in several runs, and records what it
// changes on disk.
func record(t *testing.T, b *bench, sync bool, sink func(*recorder) Sink) (r *recorder, lineCount int) {
	r = newRecorder(t)
	synctest.Test(t, func(t *testing.T) {
		b.TB = t
		c := &Collector{Include: []string{"*.log", "*.log.*"}, Sink: sink(r), Sync: sync, PollOnly: true, tap: r.tap}
		b.append("a.log", "")
		b.start(c)
		for i := range 14 {
			b.append("a.log", lines(lineCount, lineCount+1+i%4))
			lineCount += 1 + i%4
			b.awaitLines(int64(lineCount))
			if i%4 == 3 {
				<-time.After(2 * commitInterval)
			}
			if i%7 == 6 {
				b.rename("a.log", fmt.Sprintf("a.log.%02d", i)) // in this order also if written in the same tick
				b.append("a.log", "")
				<-time.After(2 * time.Second)
			}
			if i == 8 || i == 11 {
				b.again(func() {})
			}
		}
		require.NoError(t, b.stop())
	})
	b.TB = t
	return r, lineCount
}

func rotatingFile() *File { return &File{Path: "out/a", RotateBytes: 300, Compress: zipper{}} }

// unsynced is a tap that saves the time that the disk takes.
func unsynced(c change, do func() error) error {
	if c.op == "sync" || c.op == "syncdir" {
		return nil
	}
	return do()
}

// recover runs a new Collector to its end.
func (b *bench) recover(t *testing.T, sink Sink, sync bool) {
	t.Helper()
	require.NoError(t, b.recoverWith(t, sink, sync, unsynced))
}

func (b *bench) recoverWith(t *testing.T, sink Sink, sync bool, tap tap) (err error) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel((&sandbox.Sandbox{Logger: b.log}).Context(t.Context()))
		cancel()
		c := &Collector{Include: []string{"*.log", "*.log.*"}, Sink: sink, Sync: sync, PollOnly: true, tap: tap}
		err = c.Run(ctx, b.root)
	})
	return err
}

// killedAfter is a tap that lets n changes be made and no more.
func killedAfter(n int64) tap {
	var made atomic.Int64
	return func(c change, do func() error) error {
		if made.Add(1) > n {
			return errors.New("killed")
		}
		return unsynced(c, do)
	}
}

// At whatever change the process is killed or the power is lost, the lines are in
// the file exactly once after the next run.
func TestCrashAtEachChange(t *testing.T) {
	for _, c := range []struct {
		name  string
		sync  bool
		state func(r *recorder, n int, random *rand.Rand) diskState
		tries int
	}{
		{"killed", false, (*recorder).after, 1},
		{"power lost, with Sync", true, (*recorder).without, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBenchIn(t, fastDir(t))
			require.NoError(t, os.MkdirAll(b.path("out"), 0o755))
			require.NoError(t, os.MkdirAll(b.path(".logcollect"), 0o755))
			r, n := record(t, b, c.sync, func(*recorder) Sink { return rotatingFile() })
			require.Equal(t, lines(0, n), b.all("out/a"))
			require.Greater(t, len(b.names("out/a")), 3)
			step := 1
			if testing.Short() {
				step = 7
			}
			for i := 0; i <= len(r.all); i += step {
				for try := range c.tries {
					random := rand.New(rand.NewPCG(uint64(i), uint64(try)))
					r.restore(c.state(r, i, random), b.path("out"), b.path(".logcollect"))
					if i%2 == 1 { // killed again, before it is done
						b.recoverWith(t, rotatingFile(), c.sync, killedAfter(random.Int64N(30)))
					}
					b.recover(t, rotatingFile(), c.sync)
					if got := b.all("out/a"); got != lines(0, n) {
						t.Fatalf("after %d of %d changes, try %d, there are %d of %d lines:\n%s\n%s", i, len(r.all), try,
							strings.Count(got, "\n"), n, got, r.changes(i))
					}
				}
			}
			t.Logf("%d changes", len(r.all))
		})
	}
}

// Without Sync what is on disk after loss of power is not known, but never more
// than the next run can begin with.
func TestPowerLostWithoutSync(t *testing.T) {
	b := newBenchIn(t, fastDir(t))
	require.NoError(t, os.MkdirAll(b.path("out"), 0o755))
	require.NoError(t, os.MkdirAll(b.path(".logcollect"), 0o755))
	r, n := record(t, b, false, func(*recorder) Sink { return rotatingFile() })
	for i := 0; i <= len(r.all); i += 5 {
		random := rand.New(rand.NewPCG(uint64(i), 0))
		r.restore(r.without(i, random), b.path("out"), b.path(".logcollect"))
		b.recover(t, rotatingFile(), false)
		b.append("a.log", lines(n, n+1))
		n++
		b.recover(t, rotatingFile(), false)
		require.True(t, strings.HasSuffix(b.all("out/a"), lines(n-1, n)), "what comes later is delivered")
	}
}

// A taker is a sink that takes lines for safe, and notes when.
type taker struct {
	memory
	r *recorder
}

func (s *taker) Write(ctx context.Context, batch Batch) error {
	return s.r.tap(change{op: "deliver", data: batch.Lines}, func() error { return s.memory.Write(ctx, batch) })
}

// Into another sink no line is lost when the power is.
func TestPowerLostLosesNoLine(t *testing.T) {
	b := newBenchIn(t, fastDir(t))
	require.NoError(t, os.MkdirAll(b.path(".logcollect"), 0o755))
	r, n := record(t, b, true, func(r *recorder) Sink { return &taker{r: r} })
	for i := 0; i <= len(r.all); i++ {
		var before strings.Builder
		for _, c := range r.all[:i] {
			if c.op == "deliver" {
				before.Write(c.data)
			}
		}
		random := rand.New(rand.NewPCG(uint64(i), 1))
		r.restore(r.without(i, random), b.path(".logcollect"))
		again := &memory{}
		b.recover(t, again, true)
		first, doubled := before.String(), 0
		for !strings.HasPrefix(lines(0, n), first[:len(first)-doubled]+again.String()) && doubled < len(first) {
			doubled++
		}
		require.Equal(t, lines(0, n), first[:len(first)-doubled]+again.String(), "after %d changes\n%s", i, r.changes(i))
	}
}

// A checkpoint is on disk only when all that it counts on is.
func TestOrderOnDisk(t *testing.T) {
	b := newBenchIn(t, fastDir(t))
	r, _ := record(t, b, true, func(*recorder) Sink { return rotatingFile() })
	marks := 0
	for i, c := range r.all {
		if c.op != "rename" || c.to != b.path(DefaultCheckpoint) {
			continue
		}
		now := r.after(i, rand.New(rand.NewPCG(0, 0)))
		checkpoint, err := parseCheckpoint(string(now.files[c.file]))
		require.NoError(t, err)
		m, err := parseFileMark(checkpoint.sink)
		require.NoError(t, err)
		require.True(t, slicesAll(r.all[:i], func(j int, w recorded) bool {
			return w.op != "write" || w.file != c.file || r.synced(j, i)
		}), "the checkpoint itself")
		for n, name := range r.made {
			fi, err := os.Stat(name)
			require.NoError(t, err)
			id, err := statID(nil, name, fi)
			require.NoError(t, err)
			if id != m.id {
				continue
			}
			marks++
			require.True(t, slicesAll(r.all[:i], func(j int, w recorded) bool {
				made := w.op == "write" && w.at < m.length || w.op == "create"
				return !made || w.file != n || r.synced(j, i)
			}), "the lines up to %d of %s, and its name\n%s", m.length, filepath.Base(name), r.changes(i))
		}
	}
	require.Greater(t, marks, 20)
}

func slicesAll(all []recorded, holds func(int, recorded) bool) bool {
	for i, c := range all {
		if !holds(i, c) {
			return false
		}
	}
	return true
}
