//go:build unix

package logcollect

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const childRoot, childSink = "LOGCOLLECT_TEST_ROOT", "LOGCOLLECT_TEST_SINK"

// TestChild is the process that TestTurnKilled kills.
func TestChild(t *testing.T) {
	dir := os.Getenv(childRoot)
	if dir == "" {
		t.Skip("not a child")
	}
	if err := runChild(dir, os.Getenv(childSink)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// runChild collects until SIGTERM, as a process of its own.
func runChild(dir, sink string) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	c := &Collector{Include: []string{"access.log"}, Sink: &File{Path: "out"}, PollInterval: 10 * time.Millisecond}
	switch sink {
	case "rotated":
		c.Sink = &File{Path: "out", RotateBytes: 100 << 10, Compress: zipper{}}
	case "synced":
		c.Sync = true
	case "small disk":
		if err := limitFiles(); err != nil {
			return err
		}
	}
	return c.Run(ctx, root)
}

func TestTurnKilled(t *testing.T) {
	kills := 25
	if testing.Short() {
		kills = 5
	}
	for _, sink := range []string{"synced", "rotated"} {
		t.Run(sink, func(t *testing.T) {
			kills := kills
			if sink == "synced" {
				kills /= 2
			}
			b := newBench(t)
			written := 0
			write := func(n int) {
				b.append("access.log", lines(written, written+n))
				written += n
			}
			write(1)
			child := b.child(sink)
			b.awaitOut(lines(0, 1)) // what was never seen under its name can't be found later
			for i := range kills {
				killed := time.After(time.Duration(rand.IntN(60)) * time.Millisecond)
				for alive := true; alive; {
					select {
					case <-killed:
						require.NoError(t, child.Process.Kill())
						child.Wait()
						alive = false
						child = b.child(sink)
					case <-time.After(time.Millisecond):
						write(rand.IntN(2000))
						if sink == "rotated" && rand.IntN(10) == 0 {
							os.Rename(b.path("out"), b.path(fmt.Sprint("taken.", written))) // by somebody else
						}
						if rand.IntN(10) == 0 {
							b.rename("access.log", fmt.Sprintf("access.log.%d-%d", i, written))
						}
					}
				}
			}
			write(1)
			b.awaitOut(lines(written-1, written))
			require.NoError(t, child.Process.Signal(syscall.SIGTERM))
			require.NoError(t, child.Wait())

			got := b.pieces("out", "taken.*")
			want := lines(0, written)
			t.Logf("%d lines written, %d delivered", written, strings.Count(got, "\n"))
			if want == got {
				return
			}
			i := 0
			for i < min(len(got), len(want)) && got[i] == want[i] {
				i++
			}
			t.Fatalf("lines differ from byte %d on, which is %d bytes before the end of what is wanted: %q, not %q", i, len(want)-i, got[i:min(i+200, len(got))], want[i:min(i+200, len(want))])
		})
	}
}

// child starts a process that collects.
func (b *bench) child(sink string) *exec.Cmd {
	b.Helper()
	child := exec.Command(os.Args[0], "-test.run=^TestChild$")
	child.Env = append(os.Environ(), childRoot+"="+b.dir, childSink+"="+sink)
	child.Stderr = os.Stderr
	require.NoError(b, child.Start())
	return child
}

// pieces returns what is in a File and in files that were renamed by somebody else,
// in the order of their first lines.
func (b *bench) pieces(base, renamed string) string {
	b.Helper()
	var all []string
	for _, name := range b.names(base) {
		all = append(all, b.unzip(name))
	}
	names, err := filepath.Glob(b.path(renamed))
	require.NoError(b, err)
	for _, name := range names {
		all = append(all, b.unzip(name))
	}
	slices.Sort(all)
	return strings.Join(all, "")
}
