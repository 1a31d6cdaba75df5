package pod

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func FuzzDecide(f *testing.F) {
	f.Add([]byte{30, 0, 3, 0, 1, 2, 3, 0, 1, 0, 3, 2, 8, 0, 0})
	f.Add([]byte{1, 3, 6, 0, 2, 2, 1, 2, 0, 0, 1, 3, 1, 3, 2, 7, 1, 6, 0, 8, 0, 1, 6, 0, 6, 0})
	f.Add([]byte{10, 2, 4, 3, 2, 2, 2, 3, 1, 3, 2, 3, 3, 0, 0, 7, 2, 0, 2, 8, 0, 0, 0, 1})
	f.Fuzz(func(t *testing.T, input []byte) {
		if len(input) <= 400 {
			play(t, input)
		}
	})
}

func TestDecideOnRandomInput(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		input := make([]byte, 10+random.IntN(200))
		for i := range input {
			input[i] = byte(random.Uint32())
		}
		if play(t, input); t.Failed() {
			t.Fatalf("with the input %v", input)
		}
	}
}

// play lets the input happen to a pod, and then has all of it hang.
func play(t *testing.T, input []byte) {
	w := newWorld(t, input)
	wake := w.settle()
	for len(w.input) > 0 && !w.state.over() {
		w.happen(wake)
		wake = w.settle()
	}
	w.state.stopAsked = true
	for range 20 * len(w.lives) {
		wake = w.settle()
		if w.state.over() {
			break
		}
		require.False(t, wake.IsZero(), "it goes on")
		w.now = wake
	}
	require.True(t, w.state.over(), "it ends")
	if !w.hurried {
		require.LessOrEqual(t, w.now.Sub(w.stopped), w.spec.grace+minGrace, "in time")
	}
	for i := range w.lives {
		require.True(t, !w.lives[i] || w.givenUp[i], "nothing runs after the end")
	}
	actions, _ := decide(w.spec, w.state, w.now.Add(time.Hour))
	for _, a := range actions {
		require.NotEqual(t, doStart, a.do, "and nothing starts")
	}
}

// starting is a pod of n helpers and a main, all of whose gates pass at once. It
// returns how long decide and apply took for all of its start.
func starting(n int) time.Duration {
	p := &Pod{}
	for i := range n - 1 {
		p.Containers = append(p.Containers, Container{Name: fmt.Sprintf("c%d", i), Sidecar: nothing{}})
	}
	p.Containers = append(p.Containers, Container{Name: "main", Command: []string{"main"}})
	sp := p.spec("")
	st := newState(sp, time.Now())
	now := time.Now()
	for st.next < n {
		actions, _ := decide(sp, st, now)
		for _, a := range actions {
			st.apply(a, now)
			st.let(a.container, holdBegin)
		}
	}
	return time.Since(now)
}

func TestTheDecisionsOfALargeStartCostInProportion(t *testing.T) {
	starting(5000)
	require.Less(t, starting(5000), 250*time.Millisecond)
}

func BenchmarkDecideStartOf5000(b *testing.B) {
	for b.Loop() {
		starting(5000)
	}
}
