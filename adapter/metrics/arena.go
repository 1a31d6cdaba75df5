package metrics

// An arena hands out values that are used again after a reset, slices in them
// included. They never move.
type arena[T any] struct {
	all  []*T
	used int
}

func (a *arena[T]) next() *T {
	if a.used == len(a.all) {
		block := make([]T, 64)
		for i := range block {
			a.all = append(a.all, &block[i])
		}
	}
	a.used++
	return a.all[a.used-1]
}

func (a *arena[T]) reset() { a.used = 0 }
