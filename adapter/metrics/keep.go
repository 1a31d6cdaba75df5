package metrics

import (
	"sync"
	"sync/atomic"
)

// kept are values that are used again. Unlike a bare sync.Pool it holds one of
// them however often garbage is collected, so that what the value remembers, as
// names, is not made anew between two scrapes.
type kept[T any] struct {
	one  atomic.Pointer[T]
	rest sync.Pool
}

// get returns one that was put back; a new one where there is none.
func (k *kept[T]) get() *T {
	if v := k.one.Swap(nil); v != nil {
		return v
	}
	if v, ok := k.rest.Get().(*T); ok {
		return v
	}
	return new(T)
}

func (k *kept[T]) put(v *T) {
	if !k.one.CompareAndSwap(nil, v) {
		k.rest.Put(v)
	}
}
