package logcollect

import (
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// Links to what a Collector makes do not lead it there, also not to what it made
// in a run before.
func TestLinksToOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.append("app.log", "one\n")
		require.NoError(t, os.Mkdir(b.path("logs"), 0o755))
		for name, to := range map[string]string{
			"checkpoint": ".logcollect/checkpoint", "recent": ".logcollect/checkpoint.recent",
			"out": "all.out", "rotated": "all.out.000001",
		} {
			require.NoError(t, os.Symlink(filepath.Join("..", to), b.path("logs/"+name)))
		}
		collector := func() *Collector {
			return &Collector{Include: []string{"app.log", "logs/*"}, Sink: &File{Path: "all.out", RotateBytes: 1}, PollOnly: true}
		}
		b.start(collector())
		b.awaitLines(1)
		b.append("app.log", "two\n")
		b.awaitLines(2)
		require.NoError(t, b.stop())
		require.Equal(t, "one\n", b.read("logs/rotated"))
		b.start(collector()) // which knows nothing of the run before
		time.Sleep(time.Minute)
		require.EqualValues(t, 1, b.c.Stats().Files)
		require.NoError(t, b.stop())
		require.Zero(t, b.c.Stats().Lines)
	})
}
