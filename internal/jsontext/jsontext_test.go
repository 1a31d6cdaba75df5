package jsontext

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func FuzzAppend(f *testing.F) {
	for _, seed := range []string{"", "plain", "a\"b\\c\n\r\t\x00\x1f\x7f", "é☕\u2028", "\xff\xfe caf\xe9", strings.Repeat("12345678", 9) + "\"", "1234567\xff"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		written := Append([]byte("x"), text)[1:]
		var read string
		require.NoError(t, json.Unmarshal(written, &read), "%q", written)
		require.Equal(t, strings.ToValidUTF8(strings.Map(func(r rune) rune { return r }, text), "\uFFFD"), read)
		require.Equal(t, string(written), string(Append(nil, []byte(text))))
	})
}
