package logcollect

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// Files are told apart by what they are and not by how they begin.
func TestSameBeginnings(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		sink := &memory{}
		head := strings.Repeat("# the same for all\n", 500)
		want := map[string]string{"tiny.log": "x\n", "tiny-too.log": "x\n"}
		for i := range 10 {
			want[fmt.Sprintf("%d.log", i)] = head + fmt.Sprintf("%d\n", i)
		}
		for name, text := range want {
			b.append(name, text)
		}
		b.append("empty.log", "")
		b.start(&Collector{Include: []string{"*.log"}, Sink: sink, PollOnly: true})
		b.await("read", func() bool { return b.c.Stats().Lag == 0 })
		require.EqualValues(t, 13, b.c.Stats().Files)
		b.append("empty.log", "y\n")
		b.await("read", func() bool { return sink.of("empty.log") == "y\n" })
		require.NoError(t, b.stop())
		for name, text := range want {
			require.Equal(t, text, sink.of(name))
		}
	})
}

// A file that is made anew, with the same bytes, is another one, also where it is
// given the identity of the one before and neither was held open.
func TestReusedIdentity(t *testing.T) {
	for _, while := range []string{"running", "stopped"} {
		t.Run(while, func(t *testing.T) {
			b := newBench(t)
			sink := &memory{}
			b.append("b.log", "b\n")
			b.append("a.log", "the same\n")
			b.start(&Collector{Include: []string{"*.log"}, Sink: sink, PollInterval: 5 * time.Millisecond, PollOnly: true, MaxOpenFiles: 1})
			b.awaitLines(2)
			reused, n := 0, 30
			for i := range n {
				b.append("b.log", "b\n") // which closes the other
				b.awaitLines(int64(3 + 2*i))
				before, err := look(b.root, "a.log")
				require.NoError(t, err)
				anew := func() {
					b.remove("a.log")
					b.append("a.log", "the same\n")
					at := time.Now().Add(time.Duration(i) * time.Second) // the clock of the filesystem may stand still
					require.NoError(t, os.Chtimes(b.path("a.log"), at, at))
				}
				if while == "stopped" {
					b.again(anew)
				} else {
					anew()
				}
				after, err := look(b.root, "a.log")
				require.NoError(t, err)
				if after.id == before.id {
					reused++
				}
				b.awaitLines(int64(4 + 2*i))
			}
			require.NoError(t, b.stop())
			require.Equal(t, strings.Repeat("the same\n", n+1), sink.of("a.log"))
			require.Zero(t, b.c.Stats().LostBytes)
			t.Logf("identity given again %d of %d times", reused, n)
		})
	}
}

// An identity given to a file of another name does not bring its lines under the
// name of the one that is gone.
func TestReusedUnderAnotherName(t *testing.T) {
	b := newBench(t)
	sink := &memory{}
	b.start(&Collector{Include: []string{"*.log"}, Sink: sink, PollInterval: 5 * time.Millisecond, PollOnly: true, MaxOpenFiles: 1})
	for i := range 20 {
		name := fmt.Sprintf("%02d.log", i)
		b.append(name, strings.Repeat("x", i)+"\n")
		b.append("other.log", "y\n")
		b.awaitLines(int64(2*i + 2))
		b.append("other.log", "") // it may have been read first
		b.remove(name)
	}
	require.NoError(t, b.stop())
	for i := range 20 {
		require.Equal(t, strings.Repeat("x", i)+"\n", sink.of(fmt.Sprintf("%02d.log", i)))
	}
}
