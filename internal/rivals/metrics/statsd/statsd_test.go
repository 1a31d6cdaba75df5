//go:build linux

package main

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestMain lets the test's own program be the receivers.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && child(os.Args[1:]) {
		return
	}
	os.Exit(m.Run())
}

// Everything that is compared works. How fast it is says nothing in a moment as
// short as this.
func TestMeasure(t *testing.T) {
	dir := t.TempDir()
	all, err := contenders(dir, "bare,podpatterns,statsd_exporter")
	require.NoError(t, err)
	require.Len(t, all, 4)
	for _, c := range all {
		for _, s := range []scenario{scenarios[0], scenarios[len(scenarios)-1]} {
			v, err := c.measure(s, 50*time.Millisecond)
			require.NoError(t, err)
			require.Positive(t, v, "%s: %s", c.name, s.title)
		}
	}
	sent := strings.Split(string(packets(scenarios[1])[0]), "\n")
	require.Len(t, sent, 20)
	require.Contains(t, sent[0], tags)
}
