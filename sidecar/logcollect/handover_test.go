package logcollect

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// One that was forgotten while it had no name does not come into the checkpoint
// any more, where another file has its identity.
func TestForgottenWhileLeaving(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		r := newRun(&Collector{Include: []string{"*.log"}}, t.Context(), b.root, nil)
		old := &source{id: fileID{1, 2}, path: "a.log", home: "a.log", next: 100, size: 100, gone: time.Now()}
		r.sources[old.id] = old
		r.leave(old)
		r.forget(old)
		now := &source{id: old.id, path: "b.log", home: "b.log", name: "b.log"}
		r.sources[now.id] = now
		time.Sleep(2 * lingerTime)
		r.settle(time.Now())
		require.Empty(t, r.added)
		require.Empty(t, r.leaving)
		require.False(t, now.away)
	})
}
