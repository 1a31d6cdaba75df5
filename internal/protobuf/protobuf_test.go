package protobuf

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestLookup(t *testing.T) {
	message := append(AppendVarint(nil, 1, 300), 2<<3|5, 1, 2, 3, 4)
	message = AppendField(AppendFixed64(message, 3, 9), 4, "four")
	v, _ := Lookup(message, 1)
	require.EqualValues(t, 300, v)
	_, data := Lookup(message, 4)
	require.Equal(t, "four", string(data))
	for cut := range message {
		for number := range uint64(6) {
			v, data := Lookup(message[:cut], number)
			require.LessOrEqual(t, len(data), 8, fmt.Sprint(v))
		}
	}
}

// The answer is a server's, and so may be anything.
func FuzzLookup(f *testing.F) {
	f.Add(AppendField(AppendVarint(nil, 1, 300), 2, "text"), uint64(2))
	f.Add([]byte{2<<3 | 2, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f}, uint64(2))
	f.Fuzz(func(t *testing.T, message []byte, field uint64) {
		_, data := Lookup(message, field)
		require.True(t, bytes.Contains(message, data))
	})
}
