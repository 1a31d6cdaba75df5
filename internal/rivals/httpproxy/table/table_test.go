//go:build linux

package main

import (
	"os"
	"os/exec"
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
	_, noH2 := exec.LookPath("h2load")
	r, err := c.Measure(contest.Plan{Rounds: 1, Each: 30 * time.Millisecond, Idle: 100}, all)
	require.NoError(t, err)
	for _, one := range all {
		for _, line := range rows {
			h2 := strings.HasPrefix(line.Figure, "h2 ")
			ofProcess := strings.HasSuffix(line.Figure, " cpu") || strings.HasSuffix(line.Figure, " MB") || strings.HasSuffix(line.Figure, " mallocs") || strings.HasPrefix(line.Figure, "idle ")
			if h2 && (len(one.Not) > 0 || noH2 != nil) || ofProcess {
				continue
			}
			require.Positive(t, r.Figures.Median(one.Name, line.Figure), "%s: %s", one.Name, line.Figure)
		}
	}
	require.Less(t, r.Figures.Median("httpproxy", "small mallocs"), r.Figures.Median("ReverseProxy tuned", "small mallocs")/2)
	var out strings.Builder
	c.Write(&out, r)
	require.Contains(t, out.String(), "| httpproxy |")
	require.Contains(t, out.String(), "×)")
}
