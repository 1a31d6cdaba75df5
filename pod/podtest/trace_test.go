package podtest

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/podpatterns/podpatterns/pod"
	"github.com/podpatterns/podpatterns/sidecar"
)

// aTrace makes a trace of the lines that it prints as.
func aTrace(text string) (tr Trace) {
	began := time.Unix(1_000_000, 0)
	for line := range strings.Lines(text) {
		var at, who, reason string
		head, message, _ := strings.Cut(strings.TrimSpace(line), ": ")
		fmt.Sscan(head, &at, &who, &reason)
		d, err := time.ParseDuration(at)
		if err != nil {
			panic(err)
		}
		tr.Events = append(tr.Events, pod.Event{Time: began.Add(d), Container: strings.TrimPrefix(who, "pod"), Reason: reason, Message: message})
	}
	tr.Began = began
	return tr
}

const happened = `0s helper Started: container started
0s main Started: container started
1m30s main Error: exit code 1: read 10.0.0.1: no route
1m30s pod Killing: stopping pod
`

func TestTraceMatches(t *testing.T) {
	tr := aTrace(happened)
	require.Equal(t, happened, tr.String())
	for _, text := range []string{
		happened,
		`
			0s helper Started

			0 main Started
			90s main Error: exit code 1: read *: no route
			1.5m pod Killing: *`,
		`
			* helper Started: container*
			* main Started
			* main Error: *read*route
			* pod Killing`,
	} {
		require.Empty(t, tr.Diff(text), text)
	}
}

func TestTraceOfALongMessage(t *testing.T) {
	tr := aTrace("1s main Error: panic: boom")
	tr.Events[0].Message += "\n\ngoroutine 7:\n\tmain.main"
	require.Equal(t, "1s main Error: panic: boom*\n", tr.String())
	require.Empty(t, tr.Diff(tr.String()))
	require.NotEmpty(t, tr.Diff("1s main Error: panic: boom"))
}

func TestTraceDiff(t *testing.T) {
	for name, c := range map[string]struct{ happened, want, diff string }{
		"a time, a message, and what is missing": {happened, `
			0s helper Started
			0s main Started: it has begun
			* main Error: *refused*
			1m31s pod Killing
			* main Completed`,
			`  0s helper Started: container started
- 0s main Started: it has begun
- * main Error: *refused*
- 1m31s pod Killing
- * main Completed
+ 0s main Started: container started
+ 1m30s main Error: exit code 1: read 10.0.0.1: no route
+ 1m30s pod Killing: stopping pod
`},
		"order": {"0s a Started\n0s b Started\n0s c Started", `
			0s b Started
			0s a Started
			0s c Started`,
			`- 0s b Started
  0s a Started
+ 0s b Started
  0s c Started
`},
		"one too many, far away from the ends": {
			"0s a Started\n1s a Error\n1s a Started\n2s a Error\n2s a BackOff\n12s a Started\n13s a Error\n13s a BackOff\n33s a Started\n34s pod Killing", `
			0s a Started
			1s a Error
			1s a Started
			2s a Error
			12s a Started
			13s a Error
			13s a BackOff
			33s a Started
			34s pod Killing`,
			`  …
  1s a Error
  1s a Started
  2s a Error
+ 2s a BackOff
  12s a Started
  13s a Error
  13s a BackOff
  …
`},
		"nothing":      {"", "* a Started", "- * a Started\n"},
		"more than it": {"0s a Started", "", "+ 0s a Started\n"},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, c.diff, aTrace(c.happened).Diff(c.want)) })
	}
}

func TestTraceOfAThousandEvents(t *testing.T) {
	var got, want strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&got, "%ds a Started\n", i)
		fmt.Fprintf(&want, "%ds a Started\n", i+i/500) // half of it is late
	}
	diff := aTrace(got.String()).Diff(want.String())
	require.Contains(t, diff, "+ 8m20s a Started\n")
	require.Contains(t, diff, "- 1000s a Started\n")
	require.Less(t, len(diff), 300)
}

func TestTraceThatCannotBeRead(t *testing.T) {
	for text, why := range map[string]string{
		"0s a Started\n10 a Error": `line 2 of the expected trace, "10 a Error": time: missing unit in duration "10"`,
		"a Started":                `line 1 of the expected trace, "a Started": must be a time, a container or "pod", and a reason, and may have ": " and a message`,
	} {
		require.Equal(t, why, aTrace("").Diff(text))
		failures := record(t, func(t testing.TB) { Run(t, aPod()).ExpectTrace(text) })
		require.Equal(t, []string{"podtest: " + why}, failures)
	}
}

func TestGlob(t *testing.T) {
	for _, c := range []struct {
		pattern, text string
		is            bool
	}{
		{"", "", true}, {"", "a", false}, {"a", "a", true}, {"a", "ab", false}, {"*", "", true}, {"*", "a\nb", true},
		{"a*", "ab", true}, {"a*", "ba", false}, {"*b", "ab", true}, {"*b", "ba", false}, {"a*b", "a*b", true},
		{"a*a", "a", false}, {"*a*b*", "xxaxxbxx", true}, {"*b*a*", "ab", false}, {"*ab*b", "ab", false}, {"a**b", "ab", true},
	} {
		require.Equal(t, c.is, glob(c.pattern, c.text), "%q %q", c.pattern, c.text)
	}
}

func TestExpectTraceInABubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := Run(t, slowPod(10*time.Second))
		r.ExpectTrace(`0s helper Started`)
		r.ExpectTrace(``)
		time.Sleep(10 * time.Second)
		r.ExpectTrace(`
			10s helper Ready
			10s main Started`)
		require.Len(t, r.Trace().Events, 3, "the trace is whole")
		require.NoError(t, r.Stop())
		r.ExpectTrace(`
			10s pod Killing: *it was told to
			10s main Killing: stopping container, within 30s
			10s main Completed
			10s helper Killing
			10s helper Completed`)
	})
}

func TestExpectTraceInRealTimeWaits(t *testing.T) {
	r := Run(t, slowPod(20*time.Millisecond))
	r.ExpectTrace(`* helper Started`)
	r.ExpectTrace(`
		* helper Ready
		* main Started`)
	require.NoError(t, r.Stop())
	r.ExpectTrace(`* pod Killing`) // the next ones are left to the next call
	r.ExpectTrace(`
		* main Killing
		* main Completed`)
	failures := record(t, func(t testing.TB) {
		r := Run(t, aPod())
		r.Patience = time.Millisecond
		r.ExpectTrace("* helper Started\n* main Started\n* main Completed")
	})
	require.Len(t, failures, 1)
	require.Contains(t, failures[0], "- * main Completed\n")
}

func TestExpectTraceShowsTheDifference(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		failures := record(t, func(t testing.TB) {
			p := aPod()
			p.Containers[0].Sidecar = sidecar.Func(untilTold)
			p.Containers[1].Run = func(ctx context.Context, env pod.Env) error { return errBoom }
			Run(t, p).ExpectTrace(`
				0s helper Started
				0s main Started
				0s main Completed
				* main Started`)
		})
		require.Equal(t, []string{`podtest: the trace is not as expected (- expected, + happened):
  0s helper Started: container started
  0s main Started: container started
- 0s main Completed
+ 0s main Error: exit code 1: boom
  0s main Started: container started
+ 0s main Error: exit code 1: boom
+ 0s main BackOff: back-off 10s restarting failed container=main pod=two
`, `podtest: the pod ended with an error that the test did not take (by Stop or Wait):
pod "two": container "main": Error (exit code 1): boom`}, failures)
	})
}
