package logcollect

import (
	"errors"
	"os"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestDamagedCheckpoint(t *testing.T) {
	for _, c := range []struct {
		name   string
		damage func(string) string
	}{
		{"empty", func(string) string { return "" }},
		{"torn", func(s string) string { return s[:len(s)/2] }},
		{"a bit", func(s string) string { return strings.Replace(s, "file", "filf", 1) }},
		{"other", func(string) string { return "{}" }},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t)
				sink := &memory{}
				b.append("a.log", lines(0, 10))
				b.start(&Collector{Include: []string{"*.log"}, Sink: sink, PollOnly: true})
				require.NoError(t, b.stop())
				spoil := func(name string) {
					require.NoError(t, os.WriteFile(b.path(name), []byte(c.damage(b.read(name))), 0o644))
				}
				spoil(DefaultCheckpoint)
				b.start(b.c)
				require.NoError(t, b.stop())
				require.Equal(t, lines(0, 10), sink.String(), "the recent one is used")
				require.EqualValues(t, 1, b.c.Stats().CheckpointsRefused)

				spoil(DefaultCheckpoint)
				spoil(DefaultCheckpoint + ".recent")
				spoil(DefaultCheckpoint + ".recent2")
				b.start(b.c)
				require.NoError(t, b.stop())
				require.Equal(t, lines(0, 10)+lines(0, 10), sink.String(), "rather twice than not at all")
				require.EqualValues(t, 2, b.c.Stats().CheckpointsRefused)
			})
		})
	}
}

func TestCheckpointOfALaterVersion(t *testing.T) {
	b := newBench(t)
	b.append(DefaultCheckpoint, "logcollect 2\nwhatever\n")
	err := (&Collector{Include: []string{"*.log"}, Sink: &memory{}}).Run(t.Context(), b.root)
	require.ErrorIs(t, err, errVersion)
	require.Equal(t, "logcollect 2\nwhatever\n", b.read(DefaultCheckpoint))
}

func TestCheckpointFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		sink := &memory{}
		b.append("a.log", lines(0, 5))
		b.start(&Collector{Include: []string{"*.log"}, Sink: sink, PollOnly: true})
		b.awaitLines(5)
		<-time.After(commitInterval)
		temp := DefaultCheckpoint + ".tmp"
		require.NoError(t, os.Mkdir(b.path(temp), 0o755))
		b.append("a.log", lines(5, 10))
		b.await("failed", func() bool { return b.c.Stats().CheckpointErrors == 3 })
		b.append("a.log", lines(10, 15))
		require.Equal(t, lines(0, 10), sink.String(), "no more than a batch ahead")
		b.remove(temp)
		b.awaitLines(15)
		require.NoError(t, b.stop())
		require.Equal(t, lines(0, 15), sink.String())
	})
}

func FuzzCheckpoint(f *testing.F) {
	whole := &checkpoint{seq: 9, sink: "a \"mark\"\n", files: []progress{
		{fileID{1, 5}, 6, 7, 8, true, "a \"quoted\"\n\xff/path"},
		{fileID{1, 6}, 0, 0, 0, false, "b"},
	}}
	f.Add(string(whole.append(nil)))
	f.Add(string((&checkpoint{}).append(nil)))
	f.Add("")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := parseCheckpoint(text)
		if err != nil {
			// With a checksum that fits, the lines themselves are reached.
			body, _, _ := strings.Cut(text, "\nend ")
			signed := seal([]byte(header + body + "\n"))
			if c, err = parseCheckpoint(string(signed)); err != nil {
				return
			}
		}
		again, err := parseCheckpoint(string(c.append(nil)))
		if err != nil || !reflect.DeepEqual(c, again) {
			t.Fatalf("%+v becomes %+v, %v", c, again, err)
		}
	})
}

// Of two notes the one before is there if the last one is torn, as by a kill.
func TestTornNote(t *testing.T) {
	b := newBench(t)
	s, _, err := openStore(disk{root: b.root}, "c", false)
	require.NoError(t, err)
	require.NoError(t, s.save())
	for i := range int64(5) {
		s.put(progress{id: fileID{1, uint64(i)}, offset: 10 * i, path: "a.log"})
		require.NoError(t, s.note())
	}
	last := "c" + recentExt[s.seq%2]
	require.NoError(t, s.close())
	whole := b.read(last)
	for cut := range len(whole) {
		require.NoError(t, os.WriteFile(b.path(last), []byte(whole[:cut]+strings.Repeat("x", cut%3)), 0o644))
		again, damage, err := openStore(disk{root: b.root}, "c", false)
		require.NoError(t, errors.Join(damage, err))
		require.Len(t, again.files, 4)
		require.NoError(t, again.close())
	}
}
