package metrics

import (
	"context"
	"net"
	"strings"
	"sync/atomic"
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
		{&Exporter{Sources: []Source{one("a"), (*Process)(nil)}}, []string{"Sources[1]: *metrics.Process", "nil"}},
		{&Exporter{Sources: []Source{Func(nil)}}, []string{"Sources[0]: metrics.Func", "nil"}},
		{&Exporter{Sources: []Source{Named{"a", nil}}}, []string{"Sources[0]", "nil"}},
		{&Exporter{Sources: []Source{Named{"a", Named{"b", Func(nil)}}}}, []string{"Sources[0]", "nil"}},
		{&Exporter{Sources: []Source{nothing}}, []string{"Sources[0]: metrics.Func has no name"}},
		{&Exporter{Sources: []Source{Named{"", nothing}}}, []string{`Sources[0]: name ""`}},
		{&Exporter{Sources: []Source{Named{"a\nb", nothing}}}, []string{`Sources[0]: name "a\nb"`}},
		{&Exporter{Sources: []Source{Named{"\xff", nothing}}}, []string{`Sources[0]: name "\xff"`}},
		{&Exporter{Sources: []Source{Named{strings.Repeat("x", 201), nothing}}}, []string{"Sources[0]: name", "1 to 200 bytes"}},
		{&Exporter{Sources: []Source{one("a"), one("b"), one("a")}}, []string{`Sources[2]: the name "a" is that of Sources[0] too`}},
		{&Exporter{Sources: []Source{Process{PID: -4}}}, []string{"Sources[0]: PID: -4 is negative"}},
		{&Exporter{Sources: []Source{&Process{PID: -4, Container: "web"}}}, []string{"PID: -4 is negative", `PID: -4 and Container: "web"`}},
		{&Exporter{Sources: []Source{Named{"p", Cgroup{PID: 4, Container: "web"}}}}, []string{`PID: 4 and Container: "web"`}},
		{&Exporter{Sources: []Source{Cgroup{Dir: "cg", PID: -1}}}, []string{"PID: -1 is negative", `Dir: "cg" and Container: "" or PID: -1`, `Dir: "cg" is not absolute`}},
		{&Exporter{Timeout: -1, Container: "web", Sources: []Source{nil, nothing, Process{PID: -1}}},
			[]string{"Timeout: -1ns", `Container: "web"`, "Sources[0]", "Sources[1]", "Sources[2]: PID: -1"}},
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

func TestAContainerThatIsStartedAgain(t *testing.T) {
	bubble(t, func(t *testing.T) {
		sys := procTree.with(tree{"/proc/9/stat": statOf(9, "web", 1, 1, 5, 99000), "/proc/9/statm": "10 2 0"}).system(t)
		var process atomic.Int32
		process.Store(7)
		pod := running("web", func() int { return int(process.Load()) })
		s := start(t, &Exporter{Sources: []Source{Process{Container: "web", sys: sys}, one("a")}}, sandbox.From(pod))
		const (
			up      = `up{source="process/web"}`
			threads = `process_thread_count{container_name="web"}`
			started = `process_start_time_seconds{container_name="web"}`
		)
		first := s.scrape()
		require.Equal(t, []float64{1, 2, 1700000123.45}, []float64{first[up], first[threads], first[started]})
		process.Store(0)
		require.Equal(t, map[string]float64{up: 0, `up{source="a"}`: 1, "a": 1}, s.scrape())
		process.Store(9)
		second := s.scrape()
		require.Equal(t, []float64{1, 5, 1700000990}, []float64{second[up], second[threads], second[started]})
		require.NoError(t, s.stop())
	})
}

func TestNoCgroupIsNotAFailure(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var log journal
		sys := procTree.with(tree{"/proc/self/cgroup": "0::/\n", "/proc/self/mountinfo": mountV2}).system(t)
		e := &Exporter{Sources: []Source{Named{"optional", optional{Cgroup{sys: sys}}}, Cgroup{sys: sys}}}
		s := start(t, e, &sandbox.Sandbox{Logger: log.logger()})
		require.Equal(t, map[string]float64{`up{source="cgroup"}`: 0}, s.scrape())
		tree{"/proc/self/cgroup": "broken"}.write(t, sys)
		require.Equal(t, map[string]float64{`up{source="cgroup"}`: 0, `up{source="optional"}`: 0}, s.scrape())
		require.NoError(t, s.stop())
		require.Equal(t, 2, log.count("level=WARN"))
		require.Zero(t, log.count("level=INFO"))
		require.Equal(t, uint64(1), e.Stats().Sources[0].Failures)
	})
}

func TestConflictsBetweenSources(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var log journal
		add := func(name string, kind Kind, value int64) Source {
			return named(name, func(_ context.Context, b *Batch) error {
				b.Add(Family{Name: "jobs.total", Kind: kind}, Point{nil, Int(value)})
				b.Add(Family{Name: name}, Point{nil, Int(value)})
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
