package push

import (
	"io"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

// A server that refuses a request by its length does not read it, and hangs up.
func TestTooLargeEarly(t *testing.T) {
	var got []byte
	url := listen(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ContentLength > 300<<10 {
			w.Header().Set("Connection", "close")
			w.WriteHeader(http.StatusRequestEntityTooLarge)
			return
		}
		body, err := io.ReadAll(r.Body)
		if err == nil {
			got = append(got, body...)
		}
	}))
	s := &Sink{URL: url, Format: verbatim{}}
	lines := numbered(90_000)
	for tries := 0; s.Write(t.Context(), batch("a", lines)) != nil; tries++ {
		require.Less(t, tries, 100)
	}
	require.Equal(t, lines, string(got))
	require.EqualValues(t, 2, s.Stats().Splits)
}
