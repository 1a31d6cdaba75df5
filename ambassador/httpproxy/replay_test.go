package httpproxy

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// A closing body counts how often it is closed.
type closing struct {
	io.Reader
	closed int
}

func (c *closing) Close() error { c.closed++; return nil }

func TestReplayGivesTheSameBodyAgain(t *testing.T) {
	source := &closing{Reader: iotest.OneByteReader(strings.NewReader("hello, world"))}
	p := newReplay(source, 64)
	for _, n := range []int64{3, 0, 7, 5} {
		part, err := io.ReadAll(io.LimitReader(p.begin(), n))
		require.NoError(t, err)
		require.Equal(t, "hello, world"[:n], string(part))
		require.False(t, p.lost())
	}
	for range 2 {
		all, err := io.ReadAll(p.begin())
		require.NoError(t, err)
		require.Equal(t, "hello, world", string(all))
	}
	p.last()
	r := p.begin()
	all, err := io.ReadAll(r)
	require.NoError(t, err)
	require.Equal(t, "hello, world", string(all))
	require.Zero(t, source.closed)
	p.release()
	require.Zero(t, source.closed, "the last try still has it")
	r.Close()
	r.Close()
	require.Equal(t, 1, source.closed)
}

func TestReplayKeepsNoMoreThanItMay(t *testing.T) {
	body := strings.Repeat("x", 1000)
	p := newReplay(&closing{Reader: strings.NewReader(body)}, 100)
	r := p.begin()
	b := make([]byte, 60)
	_, err := r.Read(b)
	require.NoError(t, err)
	require.False(t, p.lost())
	rest, err := io.ReadAll(r)
	require.NoError(t, err)
	require.Len(t, rest, 940)
	require.True(t, p.lost())
	require.Nil(t, p.kept)
	_, err = p.begin().Read(b)
	require.ErrorIs(t, err, errLost)

	p = newReplay(&closing{Reader: strings.NewReader(body)}, 0)
	require.False(t, p.lost(), "nothing has been read")
	_, err = p.begin().Read(b)
	require.NoError(t, err)
	require.True(t, p.lost())
}

func TestReplayOfTheLastTryKeepsNothing(t *testing.T) {
	p := newReplay(&closing{Reader: strings.NewReader(strings.Repeat("x", 1000))}, 1<<20)
	io.CopyN(io.Discard, p.begin(), 300)
	p.last()
	all, err := io.ReadAll(iotest.OneByteReader(p.begin()))
	require.NoError(t, err)
	require.Len(t, all, 1000)
	require.Nil(t, p.kept)
}

func TestReplayPassesErrorsOn(t *testing.T) {
	broken := errors.New("broken")
	p := newReplay(&closing{Reader: io.MultiReader(strings.NewReader("abc"), iotest.ErrReader(broken))}, 10)
	for range 2 {
		got, err := io.ReadAll(p.begin())
		require.ErrorIs(t, err, broken)
		require.Equal(t, "abc", string(got))
		require.True(t, p.failed.Load())
	}
}

func TestReplayCutsTheEarlierTryOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		from, to := io.Pipe()
		p := newReplay(from, 4)
		first := p.begin()
		failed := make(chan error)
		go func() {
			b := make([]byte, 16)
			_, err := first.Read(b)
			failed <- err
		}()
		synctest.Wait() // it waits for the client
		second := p.begin()
		got := make(chan string)
		go func() {
			all, _ := io.ReadAll(second)
			got <- string(all)
		}()
		time.Sleep(time.Second)
		to.Write([]byte("what the first one reads "))
		require.ErrorIs(t, <-failed, errCutOff)
		_, err := first.Read(make([]byte, 1))
		require.ErrorIs(t, err, errCutOff)
		to.Write([]byte("is for the second"))
		to.Close()
		require.Equal(t, "what the first one reads is for the second", <-got)
	})
}

func FuzzReplay(f *testing.F) {
	f.Add([]byte("some body of a request"), []byte{3, 200, 7, 0, 12, 255}, uint8(64))
	f.Add([]byte("longer than what is kept of it"), []byte{3, 0, 20}, uint8(8))
	f.Fuzz(func(t *testing.T, body, steps []byte, limit uint8) {
		p := newReplay(&closing{Reader: bytes.NewReader(body)}, int(limit))
		r, at := p.begin(), 0
		for _, step := range steps {
			if step >= 128 {
				if p.lost() {
					break
				}
				r, at = p.begin(), 0
				continue
			}
			b := make([]byte, step)
			n, err := io.ReadFull(r, b)
			if want := body[at:min(at+int(step), len(body))]; !bytes.Equal(b[:n], want) {
				t.Fatalf("read %q at %d, not %q: %v", b[:n], at, want, err)
			}
			at += n
			if len(p.kept) > int(limit) {
				t.Fatalf("%d are kept, more than %d", len(p.kept), limit)
			}
		}
	})
}
