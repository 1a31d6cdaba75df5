package redis

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/podpatterns/podpatterns/adapter/metrics"
	"github.com/podpatterns/podpatterns/pod/podtest"
	"github.com/podpatterns/podpatterns/pod/sandbox"
)

// A fake is a server that answers each command as answer says; with "" it hangs.
type fake struct {
	answer func(command string) string
	mu     sync.Mutex
	asked  []string
	conns  []net.Conn
}

// serve has it listen at redis:6379 of a network of its own.
func (f *fake) serve(t testing.TB) context.Context {
	t.Helper()
	n := new(podtest.Network)
	l, err := n.Listen(t.Context(), "tcp", "redis:6379")
	require.NoError(t, err)
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			f.conns = append(f.conns, c)
			go f.talk(c)
		}
	}()
	return (&sandbox.Sandbox{Dial: n.DialContext}).Context(t.Context())
}

func (f *fake) talk(c net.Conn) {
	defer c.Close()
	r := bufio.NewReader(c)
	for {
		var n int
		if _, err := fmt.Fscanf(r, "*%d\r\n", &n); err != nil {
			return
		}
		words := make([]string, n)
		for i := range words {
			var size int
			fmt.Fscanf(r, "$%d\r\n", &size)
			word := make([]byte, size+2)
			io.ReadFull(r, word)
			words[i] = string(word[:size])
		}
		f.mu.Lock()
		f.asked = append(f.asked, strings.Join(words, " "))
		f.mu.Unlock()
		reply, closes := strings.CutSuffix(f.answer(strings.Join(words, " ")), "EOF")
		io.WriteString(c, reply)
		if closes {
			return
		}
	}
}

func bulk(text string) string { return fmt.Sprintf("$%d\r\n%s\r\n", len(text), text) }

// values are all points by Prometheus' name and labels.
func values(b *metrics.Batch) map[string]float64 {
	all := map[string]float64{}
	for _, f := range b.Families() {
		for _, p := range f.Points {
			name := f.Name
			if l := p.Labels.Text(); l != "" {
				name += "{" + l + "}"
			}
			all[name] = p.Value.Float()
		}
	}
	return all
}

// read is what a server that says text has.
func read(t testing.TB, text string) map[string]float64 {
	t.Helper()
	ctx := (&fake{answer: func(string) string { return bulk(strings.ReplaceAll(text, "\n", "\r\n")) }}).serve(t)
	s := &Source{Address: "redis:6379"}
	var b metrics.Batch
	require.NoError(t, s.Collect(ctx, &b))
	s.drop()
	return values(&b)
}
