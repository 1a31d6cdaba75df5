package absent

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestNil(t *testing.T) {
	for _, v := range []any{nil, (*int)(nil), (func())(nil), map[int]int(nil), (chan int)(nil)} {
		require.True(t, Nil(v), "%T", v)
	}
	for _, v := range []any{0, "", new(int), func() {}, map[int]int{}, []int(nil), struct{}{}} {
		require.False(t, Nil(v), "%T", v)
	}
}
