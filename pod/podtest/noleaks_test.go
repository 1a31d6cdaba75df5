package podtest

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestNoLeaks(t *testing.T) {
	over := make(chan struct{})
	defer close(over)
	failures := record(t, func(t testing.TB) {
		NoLeaks(t)
		go wait(over)
		go wait(over)
	})
	require.Len(t, failures, 1)
	require.True(t, strings.HasPrefix(failures[0], "2 goroutines are left:\n\ngoroutine "), failures[0])
	require.Equal(t, 2, strings.Count(failures[0], "podtest.wait("))
}

func TestNoLeaksLetsGoroutinesEnd(t *testing.T) {
	require.Empty(t, record(t, func(t testing.TB) {
		NoLeaks(t)
		end := make(chan struct{})
		go wait(end)
		time.AfterFunc(10*time.Millisecond, func() { close(end) })
	}))
}

func TestNoLeaksInABubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		end := make(chan struct{})
		failures := record(t, func(t testing.TB) {
			NoLeaks(t)
			go wait(end)
		})
		close(end)
		require.Len(t, failures, 1)
		require.Contains(t, failures[0], "podtest.wait(")
	})
}
