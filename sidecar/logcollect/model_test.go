package logcollect

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A model is what is known of some logs and of what has to be collected of them.
// It knows nothing of how that is done, only what package logcollect promises.
type model struct {
	logs   []*modelLog
	pieces map[string]bool // lines that may come besides: halves that were completed later
	shown  []string        // halves that were delivered at the last stop
	gone   bool            // a file was deleted or truncated, and a checkpoint may name it still
	n      int
}

// A modelLog is one log with all its generations.
type modelLog struct {
	name  string
	lines []*modelLine // all of them, in the order of the generations
	half  *modelLine   // the last line, if it has no newline yet
	ended []*modelLine // halves of older generations, which wait for a newer one
	old   int          // generations that were renamed

	exists   bool // there is a file of its name
	known    bool // which has been seen
	anchored bool // when all was seen last, there was one: what came and went since is found
}

// A modelLine is to come exactly once.
type modelLine struct {
	text  string
	fresh bool // it is not sure yet that it was delivered, and is in the checkpoint
	here  bool // it is in the file that has the log's name
	held  bool // its file was deleted, and only a running Collector can read it
	may   bool // it may be lost, because nobody could save it
	twice bool // it may come twice
}

func newModel() *model {
	m := &model{pieces: map[string]bool{}}
	for _, name := range []string{"logs/a.log", "logs/b.log"} {
		m.logs = append(m.logs, &modelLog{name: name})
	}
	return m
}

// write returns the text of some lines, the last one perhaps only half, or of the
// rest of a half one.
func (m *model) write(l *modelLog, count int, half bool) string {
	var text strings.Builder
	if l.half != nil {
		rest := "-completed"
		l.half.text += rest
		l.half = nil
		text.WriteString(rest + "\n")
	}
	for i := range count {
		m.n++
		line := &modelLine{text: fmt.Sprintf("%s %06d", l.name, m.n), fresh: true, here: true}
		l.lines = append(l.lines, line)
		text.WriteString(line.text)
		if half && i == count-1 {
			l.half = line
		} else {
			text.WriteString("\n")
		}
	}
	l.exists = true
	return text.String()
}

func (m *model) all(do func(*modelLog, *modelLine)) {
	for _, l := range m.logs {
		for _, line := range l.lines {
			do(l, line)
		}
	}
}

// renamed has the log be rotated. A file that was never seen under its name can
// be found only by one that was.
func (m *model) renamed(l *modelLog) {
	for _, line := range l.lines {
		if line.here && line.fresh && !l.known && !l.anchored {
			line.may = true
		}
		line.here = false
	}
	if l.half != nil {
		l.ended = append(l.ended, l.half)
	}
	l.half, l.exists, l.known = nil, false, false
	l.old++
}

// deleted has the file of the log be removed.
func (m *model) deleted(l *modelLog, running bool) {
	for _, line := range l.lines {
		if line.here && line.fresh {
			line.held = true
			line.may = line.may || !running || !l.known
		}
		line.here = false
	}
	if l.half != nil {
		m.pieces[l.half.text] = true
	}
	l.half, l.exists, l.known = nil, false, false
	l.anchored = false
	m.gone = true
}

// truncated has the file of the log be empty. What was not read yet is lost.
func (m *model) truncated(l *modelLog) {
	for _, line := range l.lines {
		if line.here && line.fresh {
			line.may = true
		}
		line.here = false
	}
	if l.half != nil {
		m.pieces[l.half.text] = true
	}
	l.half = nil
	m.gone = true
}

// settled says that all there is was delivered, and that the checkpoint has it.
func (m *model) settled() {
	m.gone = false
	for _, l := range m.logs {
		if l.exists {
			l.ended = nil
		}
	}
	m.delivered()
}

// stopped says that the Collector has ended in order. It has delivered halves as
// lines, which the next one takes back.
func (m *model) stopped() {
	m.delivered()
	m.show()
}

func (m *model) show() {
	for _, l := range m.logs {
		if l.half != nil {
			m.shown = append(m.shown, l.half.text)
		}
	}
}

func (m *model) delivered() {
	m.all(func(l *modelLog, line *modelLine) {
		line.held = false
		line.fresh = line == l.half || slices.Contains(l.ended, line)
	})
	for _, l := range m.logs {
		l.known, l.anchored = l.exists, l.exists
	}
}

// crashed says that the Collector has died, perhaps while it stopped.
func (m *model) crashed() {
	m.show()
	m.all(func(_ *modelLog, line *modelLine) { line.may = line.may || line.held })
}

// restarts says that a Collector begins where another one has ended. If it does not
// find all files, or not as they were, it keeps the end of its File.
func (m *model) restarts() {
	shown := m.shown
	m.shown = nil
	if !m.gone {
		return
	}
	for _, text := range shown {
		m.pieces[text] = true
	}
	m.all(func(_ *modelLog, line *modelLine) { line.twice = line.twice || line.fresh })
	for _, l := range m.logs {
		if l.half != nil {
			m.pieces[l.half.text] = true
		}
	}
}

// check compares what was collected with the model.
func (m *model) check(t testing.TB, collected string) {
	t.Helper()
	at := map[string]int{}
	times := map[string]int{}
	known := maps.Clone(m.pieces)
	m.all(func(_ *modelLog, line *modelLine) { known[line.text] = true })
	i := 0
	for line := range strings.Lines(collected) {
		text, whole := strings.CutSuffix(line, "\n")
		require.True(t, whole && known[text], "line %d of what is collected was never written: %q", i+1, line)
		if times[text]++; times[text] == 1 {
			at[text] = i
		}
		i++
	}
	for _, l := range m.logs {
		last, before := -1, ""
		for _, line := range l.lines {
			n := times[line.text]
			require.True(t, n > 0 || line.may, "lost: %q", line.text)
			require.True(t, n <= 1 || line.twice || m.pieces[line.text], "%d times: %q", n, line.text)
			if n > 0 && !line.may {
				require.Greater(t, at[line.text], last, "%q comes before %q", line.text, before)
				last, before = at[line.text], line.text
			}
		}
	}
}

// A remains is what a process has left of its files when it dies.
type remains map[string][]byte

var ofCollector = []string{"out", DefaultCheckpoint, DefaultCheckpoint + recentExt[0], DefaultCheckpoint + recentExt[1], DefaultCheckpoint + ".tmp"}

func (b *bench) save() remains {
	d := remains{}
	for _, name := range ofCollector {
		if text, err := os.ReadFile(b.path(name)); err == nil {
			d[name] = text
		}
	}
	return d
}

// restore keeps the identity of the files.
func (b *bench) restore(d remains) {
	b.Helper()
	for _, name := range ofCollector {
		if !slices.Contains(slices.Collect(maps.Keys(d)), name) {
			require.NoError(b, os.RemoveAll(b.path(name)))
			continue
		}
		require.NoError(b, os.WriteFile(b.path(name), d[name], 0o644))
	}
}
