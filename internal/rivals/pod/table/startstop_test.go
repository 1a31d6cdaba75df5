package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestContenders(t *testing.T) {
	for _, c := range timed {
		t.Run(c.name, func(t *testing.T) {
			_, err := startToStop(c, 10)
			require.NoError(t, err)
		})
	}
}

// BenchmarkStartToStop runs the contenders in turn in each iteration. It reports
// each one's median, and as multiples of fx's and of bare goroutines'.
func BenchmarkStartToStop(b *testing.B) {
	for _, size := range sizes {
		b.Run(fmt.Sprintf("services=%d", size.n), func(b *testing.B) { compare(b, timed, size.n) })
	}
	b.Run(fmt.Sprintf("services=%d", many), func(b *testing.B) { compare(b, []contender{ours}, many) })
}

func compare(b *testing.B, all []contender, n int) {
	m, err := medians(all, n, b.N)
	require.NoError(b, err)
	b.ReportMetric(0, "ns/op") // of all together: it says nothing
	for _, c := range all {
		unit := func(of string) string { return fmt.Sprintf("%s%s", strings.ReplaceAll(c.name, " ", "-"), of) }
		b.ReportMetric(float64(m[c.name])/float64(n)/float64(time.Nanosecond), unit("-ns/service"))
		for _, other := range []string{goroutines, "fx"} {
			if m[other] > 0 && other != c.name {
				b.ReportMetric(ratio(m, c.name, other), unit("/"+other))
			}
		}
	}
}
