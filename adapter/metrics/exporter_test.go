package metrics

import (
	"context"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/podpatterns/podpatterns/adapter"
	"github.com/podpatterns/podpatterns/internal/gate"
	"github.com/podpatterns/podpatterns/pod/podtest"
	"github.com/podpatterns/podpatterns/pod/sandbox"
)

func TestContract(t *testing.T) {
	podtest.TestAdapter(t, func() adapter.Adapter { return &Exporter{} })
}

func TestASecondRunDoesNotDisturbTheFirst(t *testing.T) {
	bubble(t, func(t *testing.T) {
		e := &Exporter{Sources: []Source{one("a")}}
		s := start(t, e, nil)
		l := newPipes()
		require.ErrorIs(t, e.Adapt(context.Background(), nil, l), gate.ErrRunning)
		require.ErrorIs(t, e.Adapt(context.Background(), nil, s.l), gate.ErrRunning)
		select {
		case <-l.closed:
			t.Error("closed")
		default:
		}
		require.Equal(t, 1.0, s.scrape()["a"])
		require.NoError(t, s.stop())
		s = start(t, e, nil)
		require.Equal(t, 1.0, s.scrape()["a"])
		require.NoError(t, s.stop())
		require.Equal(t, uint64(2), e.Stats().Sources[0].Collections, "of both runs")
	})
}

func TestBadFields(t *testing.T) {
	nothing := Func(func(context.Context, *Batch) error { return nil })
	for _, c := range []struct {
		e    *Exporter
		want []string
	}{
		{&Exporter{Timeout: -time.Second}, []string{"Timeout: -1s is negative"}},
		{&Exporter{Container: "web", Sources: []Source{one("a")}}, []string{`Container: "web"`}},
		{&Exporter{Sources: []Source{nil}}, []string{"Sources[0]", "nil"}},
		{&Exporter{Sources: []Source{Func(nil)}}, []string{"Sources[0]: metrics.Func", "nil"}},
		{&Exporter{Sources: []Source{Named{"a", nil}}}, []string{"Sources[0]", "nil"}},
		{&Exporter{Sources: []Source{Named{"a", Named{"b", Func(nil)}}}}, []string{"Sources[0]", "nil"}},
		{&Exporter{Sources: []Source{nothing}}, []string{"Sources[0]: metrics.Func has no name"}},
		{&Exporter{Sources: []Source{Named{"", nothing}}}, []string{`Sources[0]: name ""`}},
		{&Exporter{Sources: []Source{Named{"a\nb", nothing}}}, []string{`Sources[0]: name "a\nb"`}},
		{&Exporter{Sources: []Source{Named{"\xff", nothing}}}, []string{`Sources[0]: name "\xff"`}},
		{&Exporter{Sources: []Source{Named{strings.Repeat("x", 201), nothing}}}, []string{"Sources[0]: name", "1 to 200 bytes"}},
		{&Exporter{Sources: []Source{one("a"), one("b"), one("a")}}, []string{`Sources[2]: the name "a" is that of Sources[0] too`}},
		{&Exporter{MaxPoints: -1, MaxBytes: -2}, []string{"MaxPoints: -1 is negative", "MaxBytes: -2 is negative"}},
		{&Exporter{Formats: []Format{nil}}, []string{"Formats[0]: nil"}},
		{&Exporter{WebConfig: "/does/not/exist"}, []string{"WebConfig: ", "/does/not/exist"}},
		{&Exporter{Timeout: -1, Container: "web", Sources: []Source{nil, nothing}},
			[]string{"Timeout: -1ns", `Container: "web"`, "Sources[0]", "Sources[1]"}},
	} {
		l := newPipes()
		err := c.e.Adapt(context.Background(), nil, l)
		require.Error(t, err, c.want)
		for _, want := range c.want {
			require.ErrorContains(t, err, want)
		}
		require.Equal(t, 1, strings.Count(err.Error(), "metrics: "), err)
		require.NotContains(t, err.Error(), "\n")
		_, err = l.Accept()
		require.ErrorIs(t, err, net.ErrClosed)
	}
	require.ErrorContains(t, (&Exporter{Timeout: -1}).Adapt(context.Background(), nil, nil), "listener: nil")
}

func TestConflictsBetweenSources(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var log journal
		add := func(name string, kind Kind, value int64) Source {
			return named(name, func(_ context.Context, b *Batch) error {
				b.Family(Desc{Name: "jobs.total", Kind: kind}).Add(nil, Int(value))
				b.Family(Desc{Name: name, Kind: Gauge}).Add(nil, Int(value))
				return nil
			})
		}
		e := &Exporter{Sources: []Source{add("a", Counter, 1), add("b", Gauge, 2), add("c", Counter, 3)}}
		s := start(t, e, &sandbox.Sandbox{Logger: log.logger()})
		want := map[string]float64{"jobs_total": 1, "a": 1, "b": 2, "c": 3, `up{source="a"}`: 1, `up{source="b"}`: 1, `up{source="c"}`: 1}
		require.Equal(t, want, s.scrape())
		require.Equal(t, want, s.scrape())
		require.NoError(t, s.stop())
		require.Equal(t, uint64(4), e.Stats().Conflicts)
		require.Equal(t, 1, log.count("left out"))
	})
}
