//go:build unix

package logcollect_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/podpatterns/podpatterns/pod/podtest"
)

// A busyLog is a log that grows, often in the middle of a line, and is rotated by
// renaming, also while nobody collects it.
type busyLog struct {
	t       *testing.T
	dir     string
	text    strings.Builder // all that was written
	lines   int
	rest    string // of what is being written
	rotated int
}

func (l *busyLog) work() {
	if l.rest == "" {
		var b strings.Builder
		for range rand.IntN(200) {
			fmt.Fprintf(&b, "line %07d of the log, with some text behind it\n", l.lines)
			l.lines++
		}
		l.rest = b.String()
	}
	n := len(l.rest)
	if n > 0 && rand.IntN(4) == 0 {
		n = rand.IntN(n)
	}
	l.append(l.rest[:n])
	l.rest = l.rest[n:]
	// What was never seen under its name can't be found later.
	if l.rest == "" && rand.IntN(40) == 0 && l.out() > 0 {
		l.rotated++
		require.NoError(l.t, os.Rename(l.path("access.log"), l.path(fmt.Sprintf("access.log.%d", l.rotated))))
	}
}

func (l *busyLog) append(text string) {
	f, err := os.OpenFile(l.path("access.log"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	require.NoError(l.t, err)
	_, err = f.WriteString(text)
	require.NoError(l.t, err)
	require.NoError(l.t, f.Close())
	l.text.WriteString(text)
}

func (l *busyLog) path(name string) string { return filepath.Join(l.dir, name) }

// out is the size of what is collected.
func (l *busyLog) out() int64 {
	fi, err := os.Stat(l.path("out"))
	if err != nil {
		return 0
	}
	return fi.Size()
}

// kill has a process collect the log into a sink, and be killed.
func (l *busyLog) kill(sink string, kills int) (want, got string) {
	finished := false
	podtest.KillLoop(l.t, podtest.Kill{
		Command: func() *exec.Cmd {
			cmd := exec.Command(os.Args[0])
			cmd.Env = append(os.Environ(), "COLLECT_FROM="+l.dir, "COLLECT_INTO="+sink)
			return cmd
		},
		Kills:    kills,
		Life:     25 * time.Millisecond,
		Work:     l.work,
		Progress: l.out,
		Done: func() bool {
			if !finished {
				l.append(l.rest + "the end\n")
				finished = true
			}
			return l.ends("the end\n")
		},
	})
	text, err := os.ReadFile(l.path("out"))
	require.NoError(l.t, err)
	l.t.Logf("%d lines written, %d rotations, %d lines delivered", strings.Count(l.text.String(), "\n"), l.rotated, strings.Count(string(text), "\n"))
	return l.text.String(), string(text)
}

// ends tells whether what is collected ends with text.
func (l *busyLog) ends(text string) bool {
	f, err := os.Open(l.path("out"))
	if err != nil {
		return false
	}
	defer f.Close()
	end := make([]byte, len(text))
	_, err = f.ReadAt(end, max(0, l.out()-int64(len(text))))
	return err == nil && string(end) == text
}

// kills is how many: a short form, or what LOGCOLLECT_KILLS says.
func kills(t *testing.T, otherwise int) int {
	text := os.Getenv("LOGCOLLECT_KILLS")
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	require.NoError(t, err, "LOGCOLLECT_KILLS")
	return n
}

func TestKilledFile(t *testing.T) {
	l := &busyLog{t: t, dir: t.TempDir()}
	want, got := l.kill("file", kills(t, 200))
	require.Positive(t, l.rotated)
	if want == got {
		return
	}
	i := 0
	for i < min(len(got), len(want)) && got[i] == want[i] {
		i++
	}
	t.Fatalf("%d bytes, and %d are wanted; they differ from byte %d on: %.200q, not %.200q", len(got), len(want), i, got[i:], want[i:])
}

func TestKilledWriter(t *testing.T) {
	l := &busyLog{t: t, dir: t.TempDir()}
	n := kills(t, 20)
	want, got := l.kill("writer", n)
	// A batch comes twice at most, in which nothing is read ahead.
	require.LessOrEqual(t, len(got)-len(want), n<<20)
	has := map[string]bool{}
	for line := range strings.Lines(got) {
		has[line] = true
	}
	for line := range strings.Lines(want) {
		// A write that was killed in its first line leaves a piece, behind which the
		// whole line follows when it is sent again.
		require.True(t, has[line] || strings.Contains(got, line), "lost: %s", line)
	}
}
