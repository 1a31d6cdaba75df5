package metrics

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/podpatterns/podpatterns/pod/sandbox"
)

func TestBadFieldsOfSources(t *testing.T) {
	for _, c := range []struct {
		sources []Source
		want    []string
	}{
		{[]Source{one("a"), (*Process)(nil)}, []string{"Sources[1]: *metrics.Process", "nil"}},
		{[]Source{&Process{PID: -4}}, []string{"Sources[0]: PID: -4 is negative"}},
		{[]Source{&Process{PID: -4, Container: "web"}}, []string{"PID: -4 is negative", `PID: -4 and Container: "web"`}},
		{[]Source{Named{"p", &Cgroup{PID: 4, Container: "web"}}}, []string{`PID: 4 and Container: "web"`}},
		{[]Source{&Cgroup{Dir: "cg", PID: -1}}, []string{"PID: -1 is negative", `Dir: "cg" and Container: "" or PID: -1`, `Dir: "cg" is not absolute`}},
	} {
		err := (&Exporter{Sources: c.sources}).Adapt(context.Background(), nil, newPipes())
		for _, want := range c.want {
			require.ErrorContains(t, err, want)
		}
		require.Equal(t, 1, strings.Count(err.Error(), "metrics: "), err)
	}
}

func TestAContainerThatIsStartedAgain(t *testing.T) {
	bubble(t, func(t *testing.T) {
		sys := procTree.with(tree{"/proc/9/stat": statOf(9, "web", 1, 1, 5, 99000), "/proc/9/statm": "10 2 0"}).system(t)
		var process atomic.Int32
		process.Store(7)
		pod := running("web", func() int { return int(process.Load()) })
		s := start(t, &Exporter{Sources: []Source{&Process{Container: "web", sys: sys}, one("a")}}, sandbox.From(pod))
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
		e := &Exporter{Sources: []Source{Named{"optional", optional{&Cgroup{sys: sys}}}, &Cgroup{sys: sys}}}
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
