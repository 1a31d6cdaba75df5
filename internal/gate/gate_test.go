package gate

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"
)

func TestOneRunAtATime(t *testing.T) {
	var g Gate
	leave, err := g.Enter()
	require.NoError(t, err)
	_, err = g.Enter()
	require.ErrorIs(t, err, ErrRunning)
	leave()
	leave, err = g.Enter()
	require.NoError(t, err)
	leave()
}

func TestReadyIsOfTheCurrentRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g Gate
		ctx, cancel := context.WithCancel(t.Context())
		first := make(chan error)
		go func() { first <- g.Ready(ctx) }()
		synctest.Wait()

		g.Open() // no run is in: nothing to be ready
		synctest.Wait()
		leave, err := g.Enter()
		require.NoError(t, err)
		select {
		case <-first:
			t.Fatal("ready before Open")
		default:
		}
		g.Open()
		require.NoError(t, <-first)
		require.NoError(t, g.Ready(ctx))

		leave()
		go func() { first <- g.Ready(ctx) }()
		synctest.Wait()
		cancel()
		require.ErrorIs(t, <-first, context.Canceled)
	})
}
