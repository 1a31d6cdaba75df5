package main

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMain(m *testing.M) {
	if child(os.Args[1:]) {
		return
	}
	os.Exit(m.Run())
}

// TestBehaviour holds that what is told of the contenders is what they do.
func TestBehaviour(t *testing.T) {
	told, err := os.ReadFile("testdata/behaviour.md")
	require.NoError(t, err)
	var table strings.Builder
	require.NoError(t, writeBehaviour(&table))
	require.Equal(t, string(told), table.String())
}
