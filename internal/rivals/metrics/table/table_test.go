package main

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Everything that is compared works. How fast it is says nothing in a moment as
// short as this.
func TestTables(t *testing.T) {
	for _, g := range groups {
		t.Run(g.name, func(t *testing.T) {
			r, err := g.measure(short)
			if errors.Is(err, exec.ErrNotFound) && os.Getenv("CI") != "true" {
				t.Skip(err)
			}
			require.NoError(t, err)
			require.Greater(t, len(r.figures), 1)
			var out strings.Builder
			r.write(&out)
			for _, f := range r.figures {
				require.Len(t, f.allocs, short.rounds)
				require.Contains(t, out.String(), "| "+f.name+" |")
			}
		})
	}
}
