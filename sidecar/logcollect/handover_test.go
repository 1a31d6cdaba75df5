package logcollect

import (
	"os"
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
		r.link(now, old) // as where the generation before old was found to have others behind it
		time.Sleep(2 * lingerTime)
		r.settle(time.Now())
		require.Empty(t, r.added)
		require.Empty(t, r.leaving)
		require.Nil(t, now.before, "its turn")
		require.False(t, now.away)
	})
}

// A drain ends only when the checkpoint says what became of the files too.
func TestDrainedWithAllSaid(t *testing.T) {
	for name, leave := range map[string]func(r *run, s *source){
		"away":        func(r *run, s *source) { r.goAway(s) },
		"forgotten":   func(r *run, s *source) { r.forget(s) },
		"begun again": func(r *run, s *source) { r.again = append(r.again, s) },
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			r := newRun(&Collector{Include: []string{"*.log"}}, t.Context(), b.root, nil)
			r.drain.on, r.drain.since = true, time.Now()
			s := &source{id: fileID{1, 2}, path: "a.log", home: "a.log"}
			r.sources[s.id] = s
			leave(r, s)
			finished, _ := r.drained(time.Now())
			require.False(t, finished)
			r.d = &deliverer{in: make(chan *batch)}
			require.NotNil(t, r.handOver())
			r.ahead.reset()
			finished, _ = r.drained(time.Now())
			require.True(t, finished)
		})
	}
}

// What is lost, or was never there, is not left to be delivered.
func TestLeftIsThere(t *testing.T) {
	b := newBench(t)
	b.append("a.log", "new\n")
	for name, change := range map[string]func(r *run, s *source){
		"lost":   func(r *run, s *source) { r.lose(s, s.next) },
		"unseen": func(r *run, s *source) { r.unsee(s, s.next) },
		"begun again": func(r *run, s *source) {
			r.restart(s)
			r.saw(s, 4)
			s.next = 4
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRun(&Collector{Include: []string{"*.log"}}, t.Context(), b.root, nil)
			f, err := os.Open(b.path("a.log"))
			require.NoError(t, err)
			defer f.Close()
			s := &source{id: fileID{1, 2}, path: "a.log", name: "a.log", f: f, next: 50, due: 100}
			s.size = s.next
			r.saw(s, 100)
			r.sources[s.id] = s
			change(r, s)
			require.NoError(t, r.left(true))
		})
	}
}
