package logcollect

import (
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var starts = []*regexp.Regexp{
	regexp.MustCompile(`^#`), regexp.MustCompile(`^\S`), regexp.MustCompile(`x$`), regexp.MustCompile(``),
}

// A framed is a file that is read into batches, without all else.
type framed struct {
	testing.TB
	run   *run
	src   *source
	last  progress // delivered
	size  int      // of a batch's buffer
	items []item
	crash bool
}

func newFramed(t testing.TB, c *Collector, path string, size int) *framed {
	f, err := os.Create(path)
	require.NoError(t, err)
	t.Cleanup(func() { f.Close() })
	r := &run{
		c: c, framing: c.framing(), count: &counters{}, log: slog.New(slog.DiscardHandler),
		sources: map[fileID]*source{}, warned: map[string]bool{},
	}
	m := &framed{TB: t, run: r, size: size, src: &source{path: "a.log", name: "a.log", f: f}}
	m.last = m.src.progress()
	m.renew()
	return m
}

func (m *framed) renew() {
	m.run.ahead = &batch{buf: make([]byte, guardSize+m.size+1)}
	m.run.ahead.reset()
}

func (m *framed) append(p []byte) {
	_, err := m.src.f.WriteAt(p, m.length())
	require.NoError(m, err)
	m.read()
}

func (m *framed) length() int64 {
	fi, err := m.src.f.Stat()
	require.NoError(m, err)
	return fi.Size()
}

// read reads to the end there is.
func (m *framed) read() {
	for range 1 << 20 {
		more, full := m.run.read(m.src)
		require.NoError(m, m.src.err)
		require.Zero(m, m.run.count.truncations.Load(), "taken for rewritten")
		if full {
			require.False(m, m.run.ahead.empty())
			m.deliver()
		} else if !more {
			return
		}
	}
	m.Fatal("reads on and on")
}

// pause is a time in which the file does not grow.
func (m *framed) pause() {
	m.src.paused, m.src.quiet = true, m.src.size
	m.read()
	m.deliver()
	m.last = m.src.progress()
}

// end is the end of a generation or a run.
func (m *framed) end() {
	m.src.ending = true
	m.read()
	m.deliver()
	require.False(m, m.src.ending)
	require.Equal(m, m.length(), m.src.next, "left behind")
	m.last = m.src.progress()
}

// restart is a crash.
func (m *framed) restart() {
	f := m.src.f
	m.src = recall(m.last)
	m.src.f, m.src.name, m.crash = f, "a.log", true
	m.renew()
	m.run.saw(m.src, m.length())
	m.read()
}

func (m *framed) deliver() {
	b := m.run.ahead
	b.seal()
	var all strings.Builder
	for _, c := range b.Chunks {
		all.Write(c.Lines)
		n := 0
		for line := range c.All() {
			require.True(m, len(line) > 0 && endsLine(line), "item %q", line)
			m.items = append(m.items, item{string(line), Whole})
			n++
		}
		require.Equal(m, c.Count, n)
		if n > 0 {
			m.items[len(m.items)-1].cut = c.Cut
		}
	}
	for _, p := range b.parts {
		m.run.count.lag.Add(-p.bytes)
		m.last = p.after
	}
	require.Equal(m, all.String(), string(b.Lines))
	b.reset()
}

// FuzzFraming compares what is delivered of a file that grows step by step, in
// small batches, with pauses, ends and crashes, with the reference.
func FuzzFraming(f *testing.F) {
	text := "# one\r\n  more\n\n#x\r\r\nthree\x00\xff\r\n\tfour is long\r"
	for option := range 32 {
		f.Add([]byte(text), uint16(7), byte(option), []byte("\x08\x03\x20\x04\x05\x18\x06\x20\x05\x01\x03\x06"))
		f.Add([]byte(strings.Repeat(text, 9)), uint16(50), byte(option), []byte("\x0f\x03\x07\x04\x12\x0f\x06\x05"))
	}
	path := filepath.Join(f.TempDir(), "a.log")
	f.Fuzz(func(t *testing.T, data []byte, limit uint16, option byte, script []byte) {
		if len(data) <= 16<<10 && len(script) <= 200 {
			compareFraming(t, path, data, limit, option, script)
		}
	})
}

// What a fuzzer does not come upon in a minute: lines of about startSize, and all
// places of CR and LF.
func TestFramingAtRandom(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.log")
	for seed := range uint64(1000) {
		rnd := rand.New(rand.NewPCG(seed, 0))
		var data []byte
		limit := rnd.IntN(6)
		script := make([]byte, rnd.IntN(30))
		for i := range script {
			script[i] = byte(rnd.Uint32())
			if seed%2 == 0 {
				script[i] = byte(rnd.IntN(2))<<3 | "\x00\x00\x00\x03\x05\x06"[rnd.IntN(6)]
			}
		}
		for range rnd.IntN(8) {
			for range rnd.IntN(20) {
				data = append(data, "\r\n\n# xy"[rnd.IntN(7)])
			}
			if seed%2 == 1 {
				data = append(data, strings.Repeat("y", []int{rnd.IntN(100), startSize - 3 + rnd.IntN(6)}[rnd.IntN(2)])...)
				limit = []int{rnd.IntN(100), startSize - 2 + rnd.IntN(4), rnd.IntN(2000)}[rnd.IntN(3)]
			}
		}
		if !t.Run("", func(t *testing.T) { compareFraming(t, path, data, uint16(limit), byte(rnd.Uint32()), script) }) {
			t.Fatalf("seed %d", seed)
		}
	}
}

func compareFraming(t *testing.T, path string, data []byte, limit uint16, option byte, script []byte) {
	c := &Collector{MaxLineBytes: 1 + int(limit%2000), StripCR: option&1 != 0, TruncateLines: option&2 != 0}
	if option&4 != 0 {
		c.Multiline = &Multiline{Start: starts[option>>3&3]}
	}
	size := 1 + int(limit)%64
	if option&32 != 0 {
		size = 3 * minRoom
	}
	m := newFramed(t, c, path, size)
	ref := &reference{framing: c.framing()}
	done, ended := 0, 0
	grow := func(n int) {
		n = min(n, len(data)-done)
		if option&64 != 0 && n > 0 {
			m.src.paused, m.src.quiet = true, m.src.size // but it has grown before it is read
		}
		m.append(data[done : done+n])
		done += n
	}
	end := func() {
		m.end()
		ref.segment(data[ended:done], ended)
		ended = done
	}
	for _, op := range script {
		switch n := int(op>>3) + 1; op & 7 {
		case 0:
			grow(n)
		case 1:
			grow(7 * n)
		case 2:
			grow(100 * n)
		case 3:
			m.pause()
			ref.pauses = append(ref.pauses, done)
		case 4:
			m.deliver()
		case 5:
			m.restart()
		case 6:
			end()
		case 7:
			grow(1000 + n)
		}
	}
	grow(len(data))
	end()
	for i := range max(len(ref.items), len(m.items)) {
		if i >= len(ref.items) || i >= len(m.items) || ref.items[i] != m.items[i] {
			t.Fatalf("%q is framed from item %d on as\n%q, not\n%q", data, i, m.items[min(i, len(m.items)):], ref.items[min(i, len(ref.items)):])
		}
	}
	if !m.crash {
		require.EqualValues(t, ref.dropped, m.run.count.truncatedBytes.Load())
		require.Zero(t, m.run.count.lag.Load())
	}
}
