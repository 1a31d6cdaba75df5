package httpproxy

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestWhatIsTriedAgain(t *testing.T) {
	ok := attempt{status: 200}
	unavailable := attempt{status: 503}
	for _, test := range []struct {
		name    string
		retry   *Retry
		method  string
		key     bool
		upgrade bool
		attempt attempt
		want    verdict
	}{
		{"no Retry", nil, "GET", false, false, unavailable, passOn},
		{"one try", &Retry{Tries: 1}, "GET", false, false, unavailable, passOn},
		{"success", &Retry{}, "GET", false, false, ok, passOn},
		{"502", &Retry{}, "GET", false, false, attempt{status: 502}, tryAgain},
		{"503", &Retry{}, "HEAD", false, false, unavailable, tryAgain},
		{"504", &Retry{}, "OPTIONS", false, false, attempt{status: 504}, tryAgain},
		{"500 is the application's", &Retry{}, "GET", false, false, attempt{status: 500}, passOn},
		{"429 is not asked for", &Retry{}, "GET", false, false, attempt{status: 429}, passOn},
		{"429 is asked for", &Retry{Statuses: []int{429}}, "GET", false, false, attempt{status: 429}, tryAgain},
		{"then 503 no longer is", &Retry{Statuses: []int{429}}, "GET", false, false, unavailable, passOn},
		{"no statuses", &Retry{Statuses: []int{}}, "GET", false, false, unavailable, passOn},
		{"PUT", &Retry{}, "PUT", false, false, unavailable, tryAgain},
		{"DELETE", &Retry{}, "DELETE", false, false, unavailable, tryAgain},
		{"POST", &Retry{}, "POST", false, false, unavailable, passOn},
		{"PATCH", &Retry{}, "PATCH", false, false, unavailable, passOn},
		{"methods are case-sensitive", &Retry{}, "get", false, false, unavailable, passOn},
		{"POST with a key", &Retry{}, "POST", true, false, unavailable, tryAgain},
		{"POST broken", &Retry{}, "POST", false, false, attempt{ending: tryBroken}, passOn},
		{"POST unseen", &Retry{}, "POST", false, false, attempt{ending: tryUnseen}, tryAgain},
		{"GET broken", &Retry{}, "GET", false, false, attempt{ending: tryBroken}, tryAgain},
		{"GET broken, no statuses", &Retry{Statuses: []int{}}, "GET", false, false, attempt{ending: tryBroken}, tryAgain},
		{"client gone", &Retry{}, "GET", false, false, attempt{ending: tryFinal}, passOn},
		{"body gone", &Retry{}, "PUT", false, false, attempt{status: 503, bodyGone: true}, passOn},
		{"upgrade seen", &Retry{}, "GET", true, true, unavailable, passOn},
		{"upgrade unseen", &Retry{}, "GET", false, true, attempt{ending: tryUnseen}, tryAgain},
		{"CONNECT", &Retry{}, "CONNECT", true, false, attempt{ending: tryBroken}, passOn},
		{"Retry-After in time", &Retry{}, "GET", false, false, attempt{status: 503, retryAfter: "1"}, tryAgain},
		{"Retry-After too late", &Retry{}, "GET", false, false, attempt{status: 503, retryAfter: "2"}, passOn},
		{"Retry-After endless", &Retry{}, "GET", false, false, attempt{status: 503, retryAfter: "99999999999999999999"}, passOn},
		{"Retry-After not heeded", &Retry{MaxRetryAfter: -1}, "GET", false, false, attempt{status: 503, retryAfter: "2"}, tryAgain},
		{"Retry-After is none", &Retry{}, "GET", false, false, attempt{status: 503, retryAfter: "-2"}, tryAgain},
		{"no budget", &Retry{Budget: &Budget{Share: -1, PerSecond: -1}}, "GET", false, false, unavailable, exhausted},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := newRepeat(test.retry, test.method, test.key, test.upgrade)
			got, _ := p.after(test.attempt, 0)
			require.Equal(t, test.want, got)
		})
	}
}

func TestTriesEnd(t *testing.T) {
	p := newRepeat(&Retry{Tries: 3, Budget: &Budget{PerSecond: 1000}}, "GET", false, false)
	for range 2 {
		v, _ := p.after(attempt{status: 503}, 0)
		require.Equal(t, tryAgain, v)
	}
	require.False(t, p.more())
	v, _ := p.after(attempt{status: 503}, 0)
	require.Equal(t, passOn, v)
}

func TestPauses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &Retry{Tries: 20, Pause: 10 * time.Millisecond, MaxPause: 35 * time.Millisecond, Budget: &Budget{PerSecond: 1 << 20}}
		differ := map[time.Duration]bool{}
		for range 100 {
			p := newRepeat(r, "GET", false, false)
			for _, want := range []time.Duration{10, 20, 35, 35, 35} {
				v, wait := p.after(attempt{ending: tryBroken}, 0)
				require.Equal(t, tryAgain, v)
				require.InDelta(t, want*time.Millisecond, wait, float64(want*time.Millisecond/2+1))
				differ[wait] = true
			}
		}
		require.Greater(t, len(differ), 400)

		p := newRepeat(r, "GET", false, false)
		v, wait := p.after(attempt{status: 503, retryAfter: "1"}, 0)
		require.Equal(t, tryAgain, v)
		require.Equal(t, time.Second, wait)
		v, _ = p.after(attempt{status: 503, retryAfter: "1"}, time.Second)
		require.Equal(t, passOn, v, "no time is left for that")
	})
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 11, 25, 4, 0, 0, 0, time.UTC)
	for value, want := range map[string]time.Duration{
		"0": 0, "120": 2 * time.Minute, " 7\t": 7 * time.Second,
		now.Add(time.Minute).Format(http.TimeFormat):  time.Minute,
		now.Add(-time.Minute).Format(http.TimeFormat): 0,
		"Wednesday, 25-Nov-26 04:00:30 GMT":           30 * time.Second,
		"4294967296":                                  maxAfter,
	} {
		got, ok := retryAfter(value, now)
		require.True(t, ok, value)
		require.Equal(t, want, got, value)
	}
	for _, value := range []string{"", "soon", "-1", "1.5", "1 s", "+3"} {
		_, ok := retryAfter(value, now)
		require.False(t, ok, value)
	}
}

func FuzzRetryAfter(f *testing.F) {
	f.Add("120")
	f.Add("Wed, 25 Nov 2026 04:00:00 GMT")
	f.Fuzz(func(t *testing.T, value string) {
		d, ok := retryAfter(value, time.Now())
		if d < 0 || !ok && d != 0 {
			t.Fatalf("%q: %v", value, d)
		}
	})
}

func TestRetryRefusesWrongFields(t *testing.T) {
	require.NoError(t, (*Retry)(nil).validate())
	require.NoError(t, (&Retry{}).validate())
	for want, r := range map[string]*Retry{
		"Tries: -1 is negative":        {Tries: -1},
		"Statuses: 200":                {Statuses: []int{503, 200}},
		"TryTimeout: -1ns":             {TryTimeout: -1},
		"Pause: -1ns":                  {Pause: -1},
		"MaxPause: -1ns":               {MaxPause: -1},
		"MaxPause: 1ms is less":        {MaxPause: time.Millisecond},
		"Budget: Window: 1ns is less ": {Budget: &Budget{Window: 1}},
	} {
		require.ErrorContains(t, r.validate(), want)
	}
}
