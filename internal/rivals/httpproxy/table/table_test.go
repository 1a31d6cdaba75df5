//go:build linux

package main

import (
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestMain lets the test's own program be the processes of a measurement.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && child(os.Args[1:]) {
		return
	}
	os.Exit(m.Run())
}

// Everything that is compared works, in every scenario. How fast it is says
// nothing in a moment as short as this; what a connection takes does.
func TestMeasure(t *testing.T) {
	all, missing := contenders(nil)
	if os.Getenv("CI") == "true" {
		require.Empty(t, missing)
	}
	_, noH2 := exec.LookPath("h2load")
	r, err := measure(plan{rounds: 1, each: 30 * time.Millisecond, idle: 100}, all)
	require.NoError(t, err)
	for _, c := range all {
		for _, line := range rows {
			h2 := strings.HasPrefix(line.Figure, "h2 ")
			ofProcess := strings.HasSuffix(line.Figure, " cpu") || strings.HasSuffix(line.Figure, " MB") || strings.HasSuffix(line.Figure, " mallocs") || strings.HasPrefix(line.Figure, "idle ")
			if h2 && (c.h1 || noH2 != nil) || ofProcess {
				continue
			}
			require.Positive(t, r.figures.Median(c.name, line.Figure), "%s: %s", c.name, line.Figure)
		}
	}
	require.Less(t, r.figures.Median("httpproxy", "small mallocs"), r.figures.Median("ReverseProxy tuned", "small mallocs")/2)
	var out strings.Builder
	r.write(&out)
	require.Contains(t, out.String(), "| httpproxy |")
	require.Contains(t, out.String(), "×)")
}
