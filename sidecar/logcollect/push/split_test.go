package push

import (
	"context"
	"fmt"
	"math/bits"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"
)

// numbered returns n lines, each with its number.
func numbered(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "line %05d\n", i)
	}
	return b.String()
}

func split(lines string) []string { return strings.Split(strings.TrimSuffix(lines, "\n"), "\n") }

func TestRequestsOfBoundedSize(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAttempt(t, nil)
		a.sink.MaxRequestBytes = 1000
		lines := numbered(500) + strings.Repeat("x", 5000) + "\n" + numbered(10)
		require.NoError(t, a.sink.Write(a.ctx, batch("a.log", lines[:4400], "b.log", lines[4400:])))
		require.Equal(t, split(lines), a.texts())
		for _, r := range a.all {
			require.True(t, len(r.raw) <= 1000 || len(r.entries) == 1)
		}
		require.Len(t, a.all, 8, "none smaller than need be")
	})
}

// A proxy refuses what is too large for it.
func TestTooLarge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAttempt(t, func(w http.ResponseWriter, _ int, r request) bool {
			if len(r.raw) > 3000 {
				return code(w, 413, "")
			}
			return code(w, 204, "")
		})
		lines := numbered(1000)
		require.NoError(t, a.sink.Write(a.ctx, batch("a.log", lines)))
		require.Equal(t, split(lines), a.texts())
		require.EqualValues(t, 2, a.sink.Stats().Splits, "11000, 5500, and then 2750 bytes are sent")
		require.Equal(t, 2+4, a.sent())
		require.NoError(t, a.sink.Write(a.ctx, batch("a.log", lines)))
		require.EqualValues(t, 2, a.sink.Stats().Splits, "it is known now")

		long := strings.Repeat("x", 4000)
		b := batch("a.log", "one\n"+long+"\ntwo\n")
		require.ErrorContains(t, a.sink.Write(a.ctx, b), "413 Request Entity Too Large; it is for a line of 4000 bytes of a.log")
		a.sink.DropRefused = true
		require.NoError(t, a.sink.Write(a.ctx, b))
		texts := a.texts()
		require.Equal(t, []string{"one", "two"}, texts[2000:])
		require.EqualValues(t, 1, a.sink.Stats().Dropped)
	})
}

// A server that had little room for a while is not sent small requests for ever.
func TestGrowsAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAttempt(t, func(w http.ResponseWriter, n int, r request) bool {
			if n <= 4 && len(r.entries) > 1 {
				return code(w, 413, "")
			}
			return code(w, 204, "")
		})
		a.sink.MaxRequestBytes = 11_000
		lines := numbered(1000)
		writes := 0
		for ; writes == 0 || len(a.all[len(a.all)-1].entries) < 1000; writes++ {
			require.NoError(t, a.sink.Write(a.ctx, batch("a.log", lines)))
			require.Less(t, writes, 1000)
		}
		require.EqualValues(t, 4, a.sink.Stats().Splits)
		require.Greater(t, writes, 100, "slowly")
	})
}

// One line that the server will not have does not take others with it.
func TestRefusedLines(t *testing.T) {
	for _, bad := range [][]int{{0}, {1}, {499}, {999}, {17, 18, 19}, {0, 500, 999}} {
		t.Run(fmt.Sprint(bad), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				lines := split(numbered(1000))
				refused := map[string]bool{}
				var want []string
				for i := range lines {
					if slices.Contains(bad, i) {
						refused[lines[i]] = true
					} else {
						want = append(want, lines[i])
					}
				}
				a := newAttempt(t, func(w http.ResponseWriter, _ int, r request) bool {
					if slices.ContainsFunc(r.entries, func(e entry) bool { return refused[e.text] }) {
						return code(w, 400, "malformed")
					}
					return code(w, 204, "")
				})
				b := batch("a.log", numbered(1000))

				// By default everything before it is delivered, and nothing behind.
				for range 3 {
					err := a.sink.Write(a.ctx, b)
					require.ErrorContains(t, err, fmt.Sprintf(`beginning "line %05d"`, bad[0]))
				}
				require.Equal(t, strings.Join(lines[:bad[0]], "\n"), strings.Join(a.texts(), "\n"))
				searched := a.sent()
				require.Less(t, searched, 2*bits.Len(1000)+3)
				require.Len(t, a.all[searched-1].entries, 1, "it alone is tried again")

				a.sink.DropRefused = true
				require.NoError(t, a.sink.Write(a.ctx, b))
				require.Equal(t, want, a.texts(), "each once and in order")
				require.EqualValues(t, len(bad), a.sink.Stats().Dropped)
				require.Less(t, a.sent(), searched+len(bad)*4*bits.Len(1000))
			})
		})
	}
}

func TestAllRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAttempt(t, func(w http.ResponseWriter, _ int, r request) bool { return code(w, 400, "") })
		a.sink.DropRefused = true
		require.NoError(t, a.sink.Write(a.ctx, batch("a.log", numbered(1000))))
		require.EqualValues(t, 1000, a.sink.Stats().Dropped)
		require.Less(t, a.sent(), 3*1000)
	})
}

// A batch that failed in the middle goes on there.
func TestGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAttempt(t, func(w http.ResponseWriter, n int, _ request) bool {
			if n%3 == 0 {
				return code(w, 500, "")
			}
			return code(w, 204, "")
		})
		a.sink.MaxRequestBytes = 1100
		lines := numbered(1000)
		for a.sink.Write(a.ctx, batch("a.log", lines[:5500], "b.log", lines[5500:])) != nil {
		}
		require.Equal(t, split(lines), a.texts())
		require.EqualValues(t, Stats{Requests: 14, Failures: 4, Bytes: 14 * 1100, Lines: 1000}, a.sink.Stats())

		// A new run is a new batch, whatever is in it.
		a.answer = func(w http.ResponseWriter, n int, _ request) bool { return code(w, 204+n/2*296, "") }
		a.n, a.kept = 0, nil
		ctx, cancel := context.WithCancel(a.ctx)
		require.Error(t, a.sink.Write(ctx, batch("a.log", lines)))
		cancel()
		a.answer = nil
		require.NoError(t, a.sink.Write(a.ctx, batch("a.log", lines)))
		require.Equal(t, split(lines[:1100]+lines), a.texts())

		// So is another one in the same run.
		a.answer = func(w http.ResponseWriter, n int, _ request) bool { return code(w, 204+n/2*296, "") }
		a.n, a.kept = 0, nil
		require.Error(t, a.sink.Write(a.ctx, batch("a.log", lines)))
		a.answer = nil
		other := strings.ToUpper(lines)
		require.NoError(t, a.sink.Write(a.ctx, batch("a.log", other)))
		require.Equal(t, split(lines[:1100]+other), a.texts())
	})
}

func TestSearchEnds(t *testing.T) {
	// The server's mind changes: what was refused is taken in halves.
	s := search{}
	require.True(t, s.refused(7))
	require.Equal(t, search{most: 3, suspect: 7}, s)
	s.taken(3)
	require.Equal(t, search{most: 2, suspect: 4}, s)
	s.taken(2)
	s.taken(1)
	require.Equal(t, search{most: 1, suspect: 1}, s)
	s.taken(1)
	require.Equal(t, search{}, s)
}
