//go:build unix

package logcollect

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/podpatterns/podpatterns/pod/podtest"
)

func TestTurnKilled(t *testing.T) {
	for kind, kills := range map[string]int{"synced": 12, "rotated": 25} {
		t.Run(kind, func(t *testing.T) {
			if testing.Short() {
				kills /= 5
			}
			b := newBench(t)
			written, seen, finished := 0, false, false
			write := func(n int) {
				b.append("access.log", lines(written, written+n))
				written += n
			}
			write(1)
			podtest.KillLoop(t, podtest.Kill{
				Command: func() *exec.Cmd { return b.command(kind) },
				Kills:   kills,
				Life:    60 * time.Millisecond,
				Work: func() {
					write(rand.IntN(2000))
					seen = seen || b.sizeOut() > 0 // what was never seen under its name can't be found later
					if kind == "rotated" && rand.IntN(10) == 0 {
						os.Rename(b.path("out"), b.path(fmt.Sprint("taken.", written))) // by somebody else
					}
					if seen && rand.IntN(10) == 0 {
						b.rename("access.log", fmt.Sprint("access.log.", written))
					}
				},
				Progress: b.sizeOut,
				Done: func() bool {
					if !finished {
						write(1)
						finished = true
					}
					return b.endsOut(lines(written-1, written))
				},
			})
			got := b.pieces("out", "taken.*")
			t.Logf("%d lines written, %d delivered", written, strings.Count(got, "\n"))
			requireSame(t, lines(0, written), got)
		})
	}
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
	slices.SortFunc(all, func(a, b string) int { // by their numbers, which have no zeros before them
		a, _, _ = strings.Cut(a, "\n")
		b, _, _ = strings.Cut(b, "\n")
		return cmp.Or(cmp.Compare(len(a), len(b)), strings.Compare(a, b))
	})
	return strings.Join(all, "")
}
