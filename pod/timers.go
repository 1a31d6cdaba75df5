package pod

import "container/heap"

// settleDeadline puts i's deadline where it belongs in the timers.
func (st *state) settleDeadline(i int) {
	c := &st.containers[i]
	due := !c.deadline().IsZero()
	switch {
	case due && c.slot < 0:
		heap.Push(&st.timers, i)
	case due:
		heap.Fix(&st.timers, c.slot)
	case c.slot >= 0:
		heap.Remove(&st.timers, c.slot)
	}
}

// timers is a heap of containers by deadline.
type timers struct {
	state *state
	index []int
}

func (t *timers) Len() int { return len(t.index) }
func (t *timers) Less(a, b int) bool {
	return t.state.containers[t.index[a]].deadline().Before(t.state.containers[t.index[b]].deadline())
}
func (t *timers) Swap(a, b int) {
	t.index[a], t.index[b] = t.index[b], t.index[a]
	t.state.containers[t.index[a]].slot = a
	t.state.containers[t.index[b]].slot = b
}
func (t *timers) Push(x any) {
	i := x.(int)
	t.state.containers[i].slot = len(t.index)
	t.index = append(t.index, i)
}
func (t *timers) Pop() any {
	last := len(t.index) - 1
	i := t.index[last]
	t.index = t.index[:last]
	t.state.containers[i].slot = -1
	return i
}
