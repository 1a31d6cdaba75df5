package pod

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/podpatterns/podpatterns/pod/internal/web"
)

var (
	metricName = `[a-zA-Z_:][a-zA-Z0-9_:]*`
	helpLine   = regexp.MustCompile(`^# HELP (` + metricName + `) (\S.*)$`)
	typeLine   = regexp.MustCompile(`^# TYPE (` + metricName + `) (gauge|counter)$`)
	sampleLine = regexp.MustCompile(`^(` + metricName + `)(?:\{(.*)\})? (\S+)$`)
	labelPair  = regexp.MustCompile(`^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)`)
)

// parse reads Prometheus' text format as strictly as it can be meant: each family
// once, HELP and TYPE before its samples, no series twice, names by the
// conventions.
func parse(t *testing.T, text string) map[string]float64 {
	t.Helper()
	require.True(t, strings.HasSuffix(text, "\n"))
	series := map[string]float64{}
	types := map[string]string{}
	help, family := "", ""
	for line := range strings.SplitSeq(strings.TrimSuffix(text, "\n"), "\n") {
		if m := helpLine.FindStringSubmatch(line); m != nil {
			require.NotContains(t, types, m[1], "a family comes once")
			help = m[1]
			continue
		}
		if m := typeLine.FindStringSubmatch(line); m != nil {
			require.Equal(t, help, m[1], "TYPE follows HELP")
			require.Equal(t, m[2] == "counter", strings.HasSuffix(m[1], "_total"), "%s: counters, and only they, end in _total", m[1])
			require.NotRegexp(t, `_(milliseconds|ms|minutes|duration|time)$`, m[1], "durations are in seconds and say so")
			family, types[m[1]] = m[1], m[2]
			continue
		}
		m := sampleLine.FindStringSubmatch(line)
		require.NotNil(t, m, line)
		require.Equal(t, family, m[1], "samples follow their family")
		seen := map[string]bool{}
		for rest := m[2]; rest != ""; {
			pair := labelPair.FindStringSubmatch(rest)
			require.NotNil(t, pair, line)
			require.False(t, seen[pair[1]], line)
			seen[pair[1]] = true
			rest = rest[len(pair[0]):]
		}
		value, err := strconv.ParseFloat(m[3], 64)
		require.NoError(t, err, line)
		key := line[:len(line)-len(m[3])-1]
		require.NotContains(t, series, key, "a series comes once")
		series[key] = value
	}
	return series
}

func TestMetrics(t *testing.T) {
	now := time.Now().Truncate(time.Second)
	p := shop(now)
	series := parse(t, metrics(p.Status(), web.StreamStats{Published: 23, Readers: 2, Dropped: 1}))
	for key, value := range map[string]float64{
		`pod_info{name="shop"}`:                                                          1,
		`pod_phase{phase="Running"}`:                                                     1,
		`pod_phase{phase="Failed"}`:                                                      0,
		`pod_condition{condition="Ready"}`:                                               0,
		`pod_condition{condition="Initialized"}`:                                         1,
		`pod_start_time_seconds`:                                                         float64(now.Unix() - 240),
		`pod_container_info{container="db",kind="Ambassador"}`:                           1,
		`pod_container_state{container="db",state="running"}`:                            1,
		`pod_container_state{container="db",state="waiting"}`:                            0,
		`pod_container_state{container="migrate",state="terminated"}`:                    1,
		`pod_container_waiting_reason{container="metrics",reason="CrashLoopBackOff"}`:    1,
		`pod_container_last_terminated_exit_code{container="metrics",reason="Error"}`:    2,
		`pod_container_ready{container="web"}`:                                           0,
		`pod_container_started{container="web"}`:                                         1,
		`pod_container_hanging{container="reload"}`:                                      1,
		`pod_container_hanging{container="web"}`:                                         0,
		`pod_container_restarts_total{container="metrics"}`:                              3,
		`pod_container_start_duration_seconds{container="web"}`:                          5.2,
		`pod_container_probe_result{container="web",probe="readiness",result="failure"}`: 1,
		`pod_container_probe_result{container="web",probe="readiness",result="success"}`: 0,
		`pod_container_probes_total{container="web",probe="readiness",result="success"}`: 17,
		`pod_container_probes_total{container="web",probe="readiness",result="failure"}`: 3,
		`pod_container_probe_duration_seconds{container="db",probe="readiness"}`:         0.00083,
		`pod_events_total`:                23,
		`pod_events_dropped_total`:        0,
		`pod_event_streams`:               2,
		`pod_event_streams_dropped_total`: 1,
	} {
		require.Contains(t, series, key)
		require.Equal(t, value, series[key], key)
	}
	require.NotContains(t, series, `pod_container_start_duration_seconds{container="logs"}`, "unknown is not 0")
	parse(t, metrics((&Pod{}).Status(), web.StreamStats{}))
}

func TestReadinessSaysWhy(t *testing.T) {
	var list []string
	for _, c := range readyChecks(shop(time.Now()).Status()) {
		list = append(list, c.name+"="+c.problem)
	}
	require.Equal(t, []string{
		`web=readiness probe: Failure: Get "http://127.0.0.1:8080/ready": context deadline exceeded`,
		`worker=`, `migrate=`, `logs=`, `db=`,
		`metrics=waiting: CrashLoopBackOff: back-off 40s restarting failed container=metrics pod=shop`,
		`reload=did not stop in time, and has not returned yet`,
	}, list)
	p := shop(time.Now())
	p.run.conditions.initialized = transition{}
	status := func(name string, is State) *ContainerStatus {
		s := &p.run.byName[name].status
		*s = ContainerStatus{Name: name, Kind: s.Kind, State: is}
		return s
	}
	up := State{Running: &RunningSince{}}
	status("migrate", up)
	status("logs", up).Started = true
	status("db", State{Terminated: &Terminated{Reason: ReasonError, ExitCode: 3, Message: "one\ntwo"}})
	checks := readyChecks(p.Status())
	require.Equal(t, []check{{"migrate", "has not passed its start gate"}, {"logs", "not ready"}, {"db", "terminated: Error (exit code 3): one"}}, checks[2:5])
	p.run.conditions.initialized = transition{is: true}
	require.Empty(t, readyChecks(p.Status())[2].problem, "run again by hand, it takes nothing away")
}

func TestLivenessFailsWhereOnlyANewProcessHelps(t *testing.T) {
	p := shop(time.Now())
	p.run.inbox.shut()
	checks := p.liveChecks(t.Context())
	require.Equal(t, check{"supervisor", "the pod does not run"}, checks[0])
	require.Equal(t, check{"reload", "did not stop in time, and has not returned yet"}, checks[7])
	for _, c := range checks[1:7] {
		require.Empty(t, c.problem, "%s: a container that fails is started again", c.name)
	}
}

// The pod's loop has a second to answer, and not for ever.
func TestALoopThatDoesNotAnswerIsNotAlive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := shop(time.Now())
		p.running = true
		require.Equal(t, fmt.Sprintf("the pod's loop has not answered within %v", askTime), p.liveChecks(t.Context())[0].problem)
	})
}
