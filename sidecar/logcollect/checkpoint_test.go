package logcollect

import (
	"context"
	"errors"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/podpatterns/podpatterns/pod/sandbox"
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
		b.start(&Collector{Include: []string{"*.log"}, Sink: sink, Sync: true, PollOnly: true})
		b.awaitLines(5)
		<-time.After(2 * commitInterval)
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
		{fileID{1, 5}, origin{6, 4}, 7, 8, 9, torn, false, "a \"quoted\"\n\xff/path", ""},
		{fileID{1, 6}, origin{}, 0, 0, 0, lineStart, true, "b", "a link's \xff/end"},
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

// FuzzDamagedCheckpoint collects from what damage has left of a checkpoint: a
// file that it does not rightly know is begun at its beginning.
func FuzzDamagedCheckpoint(f *testing.F) {
	b := newBench(f)
	text := lines(0, 50)
	b.append("a.log", text)
	at, err := look(b.root, "a.log")
	require.NoError(f, err)
	id := fmt.Sprint(at.id.dev, " ", at.id.ino)
	for _, body := range []string{
		"", "seq 1\n", "file ID 0 0 9 0 0 0 false \"a.log\" \"\"\n", "file ID 0 0 5000 0 0 0 false \"a.log\" \"\"\n", "file ID 0 0 0 0 0 0 false \"a.log\" \"\"\n",
		"file ID 0 0 0 0 0 2 false \"a.log\" \"\"\n", "file ID 0 0 50 8 0 1 false \"a.log\" \"\"\n", "file ID 1 0 49 0 0 3 false \"b.log\" \"\"\n", "file 1 2 3 0 4 5 0 0 false \"a.log\" \"\"\n",
		"sink \"1\"\nfile ID 0 0 9223372036854775807 0 0 0 false \"a.log\" \"\"\n", "file ID 0 0 -1 0 0 0 false \"a.log\" \"\"\n", "file ID 0 0 9 0 0 9 false \"a.log\" \"\"\n",
		"file ID 0 0 2450 0 0 0 false \"a.log\" \"\"\nfile ID 0 0 2450 0 0 0 false \"a.log\" \"\"\n", "file ID 0 0 2450 0 0 0 false \"../a.log\" \"\"\n",
	} {
		f.Add(body, "", true)
		f.Add(body, body, false)
		f.Add("", body, true)
	}
	f.Fuzz(func(t *testing.T, saved, recent string, sealed bool) {
		for name, body := range map[string]string{DefaultCheckpoint: saved, DefaultCheckpoint + recentExt[0]: recent} {
			body = strings.ReplaceAll(body, "ID", id)
			if sealed {
				body = string(seal([]byte(header + body)))
			}
			require.NoError(t, os.MkdirAll(b.path(".logcollect"), 0o755))
			require.NoError(t, os.WriteFile(b.path(name), []byte(body), 0o644))
		}
		os.Remove(b.path(DefaultCheckpoint + recentExt[1])) // of the run before
		synctest.Test(t, func(t *testing.T) {
			sink := &memory{}
			ctx, stop := context.WithCancel((&sandbox.Sandbox{Logger: b.log}).Context(t.Context()))
			stop()
			err := (&Collector{Include: []string{"*.log"}, Sink: sink, PollOnly: true}).Run(ctx, b.root)
			if err == nil {
				require.Equal(t, text, sink.String())
			}
			if err != nil && !errors.Is(err, errVersion) {
				t.Fatalf("%v, of %q and %q", err, saved, recent)
			}
		})
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
