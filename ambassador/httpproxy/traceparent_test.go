package httpproxy

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const (
	someTrace  = "4bf92f3577b34da6a3ce929d0e0e4736"
	someParent = "00-" + someTrace + "-00f067aa0ba902b7-01"
)

func TestTraceparent(t *testing.T) {
	for _, good := range []string{
		someParent,
		"00-" + someTrace + "-00f067aa0ba902b7-ff",
		"cc-" + someTrace + "-00f067aa0ba902b7-01",
		"cc-" + someTrace + "-00f067aa0ba902b7-01-what the future brings",
	} {
		require.Equal(t, someTrace, traceID(good), good)
	}
	for _, bad := range []string{
		"", "00", strings.ToUpper(someParent), someParent + "-x", someParent + "0", "ff" + someParent[2:],
		someParent[:54], "cc-" + someTrace + "-00f067aa0ba902b7-01.x", "0g" + someParent[2:],
		"00-" + strings.Repeat("0", 32) + "-00f067aa0ba902b7-01",
		"00-" + someTrace + "-0000000000000000-01",
		"00-" + someTrace + "-00f067aa0ba902b7-0x",
		"00_" + someTrace + "-00f067aa0ba902b7-01",
		" " + someParent,
	} {
		require.Empty(t, traceID(bad), bad)
	}
	seen := map[string]bool{}
	for range 100 {
		id := traceID(newTraceparent())
		require.Len(t, id, 32)
		require.False(t, seen[id])
		seen[id] = true
	}
}

func TestTraceIsFollowed(t *testing.T) {
	h := fields{{"Traceparent", someParent}, {"tracestate", "a=1, b@c=2,,"}, {"tracestate", "x/y=~"}}
	before := append(fields(nil), h...)
	require.Equal(t, someTrace, follow(&h))
	require.Equal(t, before, h, "it goes on as it came")

	for _, state := range []string{"a", "=1", "a=", "A=1", "a=b=c", "a=\t", strings.Repeat("a=1,", 33), "a=" + strings.Repeat("x", 257), "é=1"} {
		h = fields{{"traceparent", someParent}, {"tracestate", state}}
		require.Equal(t, someTrace, follow(&h))
		require.Equal(t, fields{{"traceparent", someParent}}, h, state)
	}
	for _, h := range []fields{
		nil,
		{{"traceparent", "nonsense"}, {"tracestate", "a=1"}},
		{{"traceparent", someParent}, {"Traceparent", someParent}, {"tracestate", "a=1"}},
	} {
		id := follow(&h)
		require.Len(t, h, 1)
		require.NotEqual(t, someTrace, id)
		require.Equal(t, id, traceID(h[0].value))
	}
}

func FuzzTraceparent(f *testing.F) {
	f.Add(someParent, "a=1")
	f.Fuzz(func(t *testing.T, parent, state string) {
		h := fields{{"traceparent", parent}, {"tracestate", state}}
		if id := follow(&h); len(id) != 32 || traceID(h.get("traceparent")) != id {
			t.Fatalf("%q became %v", parent, h)
		}
	})
}

func BenchmarkTraceparentFollowed(b *testing.B) {
	h := fields{{"Host", "x"}, {"traceparent", someParent}, {"tracestate", "a=1,b=2"}}
	b.ReportAllocs()
	for b.Loop() {
		follow(&h)
	}
}

func BenchmarkTraceparentNew(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		newTraceparent()
	}
}
