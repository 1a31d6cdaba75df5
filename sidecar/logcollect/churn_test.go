package logcollect

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A churner writes a log and does to it what rotations do.
type churner struct {
	*bench
	rand    *rand.Rand
	sink    *memory
	path    string // what it is collected as
	name    string // where it is
	rotated int
	olds    []string
	want    strings.Builder
}

func (c *churner) write() {
	text := fmt.Sprintf("%s %d %s\n", c.path, c.want.Len(), strings.Repeat("x", c.rand.IntN(100)))
	c.append(c.name, text)
	c.want.WriteString(text)
}

func (c *churner) rotatedName() string { return fmt.Sprintf("%s-%08d", c.name, 20260101+c.rotated) }

func (c *churner) awaitRead() {
	c.Helper()
	for end := time.Now().Add(30 * time.Second); len(c.sink.of(c.path)) < c.want.Len(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			require.Equal(c, c.want.String(), c.sink.of(c.path))
		}
	}
}

func (c *churner) churn() {
	for range c.rand.IntN(5) {
		c.write()
	}
	switch c.rand.IntN(12) {
	case 0, 1, 2:
		c.write()
		c.rotated++
		old := c.rotatedName()
		c.rename(c.name, old)
		c.olds = append(c.olds, old)
		if c.rand.IntN(2) == 0 {
			c.write()
		}
	case 3:
		if len(c.olds) > 1 { // the one before the last
			c.awaitRead()
			c.compress(c.olds[0])
			c.olds = c.olds[1:]
		}
	case 4: // when it was read, because no collector can save what was not
		c.awaitRead()
		if _, err := os.Stat(c.bench.path(c.name)); err == nil {
			c.truncate(c.name)
		}
	case 5: // to another directory, if there is something to link to
		if c.path != c.name && len(c.olds) > 0 {
			c.rotated++
			c.name = fmt.Sprintf("data/%d/%s", c.rotated, path.Base(c.path))
			c.olds = nil // they stay where they are
			c.write()
			c.link(c.bench.path(c.name), c.path+".new")
			c.rename(c.path+".new", c.path)
			c.awaitRead() // what was never seen can't be found later
		}
	}
}

// stopped is churn without what can't be found later.
func (c *churner) stopped() {
	c.write()
	c.write()
	if c.rand.IntN(2) == 0 {
		c.rotated++
		c.rename(c.name, c.rotatedName())
		c.write()
	}
}

// Whatever rotations do, and in whatever order, each line of a log comes once, and
// in its order.
func TestChurn(t *testing.T) {
	for _, open := range []int{0, 3} {
		t.Run(fmt.Sprintf("%d open", open), func(t *testing.T) {
			b := newBench(t)
			sink := &memory{}
			r := rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64()))
			var all []*churner
			for i := range 6 {
				c := &churner{bench: b, rand: r, sink: sink, path: fmt.Sprintf("logs/%d.log", i)}
				c.name = c.path
				if i%2 == 0 {
					c.name = fmt.Sprintf("data/%d.log", i)
					require.NoError(t, os.MkdirAll(b.path("logs"), 0o755))
					c.link("../"+c.name, c.path)
				}
				c.write()
				all = append(all, c)
			}
			b.start(&Collector{Include: []string{"logs/*.log"}, Sink: sink, MaxOpenFiles: open, PollInterval: 100 * time.Millisecond})
			awaitAll := func() {
				for _, c := range all {
					c.awaitRead()
				}
			}
			for range 60 {
				all[r.IntN(len(all))].churn()
				switch r.IntN(30) {
				case 0:
					awaitAll()
				case 1:
					require.NoError(t, b.stop())
					for range 5 {
						all[r.IntN(len(all))].stopped()
					}
					b.start(b.c)
				}
			}
			awaitAll()
			require.NoError(t, b.stop())
			for _, c := range all {
				require.Equal(t, c.want.String(), sink.of(c.path))
			}
			require.Zero(t, b.c.Stats().LostBytes)
		})
	}
}
