//go:build linux

package main

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/podpatterns/podpatterns/internal/rivals/contest"
)

// TestMain lets the test's own program be the processes of a measurement.
func TestMain(m *testing.M) {
	if table().Child(os.Args[1:]) {
		return
	}
	os.Exit(m.Run())
}

// Everything that is compared works, in every scenario. How fast it is says
// nothing in a moment as short as this; what a connection takes does.
func TestMeasure(t *testing.T) {
	c := table()
	all, missing := c.Find(nil)
	if os.Getenv("CI") == "true" {
		require.Empty(t, missing)
	}
	contest.RaiseLimit()
	r, err := c.Measure(contest.Plan{Rounds: 1, Each: 30 * time.Millisecond, Idle: 100}, all)
	require.NoError(t, err)
	for _, one := range all {
		for _, line := range rows {
			if line.Figure == "bulk idle nobody rate" && os.Getuid() != 0 || strings.HasSuffix(line.Figure, " cpu") || strings.HasPrefix(line.Figure, "idle ") {
				continue
			}
			require.Positive(t, r.Figures.Median(one.Name, line.Figure), "%s: %s", one.Name, line.Figure)
		}
	}
	require.Equal(t, 2.0, r.Figures.Median("tcpproxy", "idle files"), "one for each side")
	require.Equal(t, 6.0, r.Figures.Median("io.Copy", "idle files"), "which takes two pipes before there is a byte")
	var out strings.Builder
	c.Write(&out, r)
	require.Contains(t, out.String(), "| tcpproxy |")
	require.Contains(t, out.String(), "×)")
}
