package sandbox_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/podpatterns/podpatterns/pod/sandbox"
)

// ends says when a context ends, and with what.
func ends(t *testing.T, ctx context.Context) (after time.Duration, err error) {
	t.Helper()
	began := time.Now()
	select {
	case <-ctx.Done():
	case <-time.After(24 * time.Hour):
		t.Fatal("it does not end")
	}
	return time.Since(began), ctx.Err()
}

func TestGraceEndsItsPeriodAfterTheStop(t *testing.T) {
	for _, test := range []struct {
		name  string
		in    func(context.Context) context.Context
		after time.Duration
	}{
		{"outside a pod", func(ctx context.Context) context.Context { return ctx }, 30 * time.Second},
		{"in a pod", (&sandbox.Sandbox{Grace: 5 * time.Second}).Context, 5 * time.Second},
		{"in one that states none", (&sandbox.Sandbox{Grace: -1}).Context, 30 * time.Second},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, stop := context.WithCancel(test.in(t.Context()))
				grace, cancel := sandbox.Grace(ctx)
				defer cancel()
				time.Sleep(time.Hour)
				require.NoError(t, grace.Err(), "it does not run while nobody stops")
				stop()
				after, err := ends(t, grace)
				require.Equal(t, test.after, after)
				require.Equal(t, context.DeadlineExceeded, err)
			})
		})
	}
}

func TestGraceEndsWhenThePodKillsTheRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		killed, kill := context.WithCancel(context.Background())
		ctx, stop := context.WithCancel((&sandbox.Sandbox{Grace: time.Minute, Killed: killed}).Context(t.Context()))
		grace, cancel := sandbox.Grace(ctx)
		defer cancel()
		stop()
		time.AfterFunc(10*time.Second, kill)
		after, err := ends(t, grace)
		require.Equal(t, 10*time.Second, after)
		require.Equal(t, context.DeadlineExceeded, err)
	})
}

func TestGraceOfADerivedContextCountsFromItsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		outer := (&sandbox.Sandbox{Grace: time.Minute}).Context(t.Context())
		derived, fail := context.WithCancel(outer) // as errgroup's when one of the group fails
		grace, cancel := sandbox.Grace(derived)
		defer cancel()
		fail()
		after, _ := ends(t, grace)
		require.Equal(t, time.Minute, after)
		require.NoError(t, outer.Err())
	})
}

func TestGraceOfAContextThatIsDoneCountsFromTheCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		stop()
		time.Sleep(time.Hour)
		grace, cancel := sandbox.Grace(ctx)
		defer cancel()
		require.NoError(t, grace.Err())
		after, _ := ends(t, grace)
		require.Equal(t, sandbox.DefaultGrace, after)
	})
}

func TestGraceKeepsValuesAndCanBeCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // the bubble fails if anything of Grace is left
		type key struct{}
		ctx, stop := context.WithCancel(context.WithValue(t.Context(), key{}, "value"))
		grace, cancel := sandbox.Grace(ctx)
		require.Equal(t, "value", grace.Value(key{}))
		cancel()
		require.Equal(t, context.Canceled, grace.Err())
		stop()
		synctest.Wait()
		require.Equal(t, context.Canceled, grace.Err())

		derived, release := context.WithTimeout(grace, time.Hour)
		defer release()
		require.Error(t, derived.Err(), "what is derived from it ends with it")
	})
}
