package metrics

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestParseStat(t *testing.T) {
	for _, command := range []string{"", "web", "a b", ")", "(", ") S 1 2 3 (", "x\n) R 1", "))))", "\xff\x00"} {
		s, err := parseStat([]byte(statOf(7, command, 1, 2, 3, 4)), command)
		require.NoError(t, err, command)
		require.Equal(t, statWant(command), s, command)
	}
	s, err := parseStat([]byte("7 (a) R 1 1 1 1 1 1 1 1 1 1 18446744073709551615 0 0 0 0 0 0 0"), "")
	require.ErrorContains(t, err, "starttime: no field 22", "the last line of a file that was cut off")
	require.Equal(t, int64(math.MaxInt64), s.own.user)
}

// statWant is what statOf(7, command, 1, 2, 3, 4) says.
func statWant(command string) procStat {
	return procStat{
		pid: 7, command: command, state: 'S', parent: 1,
		own: procTally{1, 2, 900, 3}, waited: procTally{5, 6, 70, 2}, threads: 3, startTicks: 4,
	}
}

func TestNumbersInFiles(t *testing.T) {
	v, err := keyedNumber([]byte("user_usec 1\nusage_usec 20\nusage_usec_x 3\n"), "usage_usec")
	require.NoError(t, err)
	require.Equal(t, int64(20), v)
	v, err = keyedNumber([]byte("anon_thp 1\nanon 18446744073709551615"), "anon")
	require.NoError(t, err)
	require.Equal(t, int64(math.MaxInt64), v)
	for _, bad := range []string{"", "anon", "anon ", "anon x", "anon -1", "anon 1 2", "anon 1e3", "anon 18446744073709551616", "anonymous 1", " anon 1"} {
		_, err := keyedNumber([]byte(bad), "anon")
		require.ErrorContains(t, err, "anon", bad)
	}
	_, err = number([]byte(strings.Repeat("9", 100)), "value")
	require.LessOrEqual(t, len(err.Error()), 80, "long content is cut")
}

func FuzzParseStat(f *testing.F) {
	f.Add([]byte(statOf(7, "a) b", 1, 2, 3, 4)), "x")
	f.Add([]byte("7 (a) S"), ")")
	f.Add([]byte(")"), "\n")
	f.Fuzz(func(t *testing.T, data []byte, command string) {
		if s, err := parseStat(data, command); err == nil {
			require.NotZero(t, s.state)
			require.GreaterOrEqual(t, min(s.own.user, s.own.system, s.waited.user, s.waited.minor, s.threads, s.startTicks), int64(0))
		}
		s, err := parseStat([]byte(statOf(7, command, 1, 2, 3, 4)), command)
		require.NoError(t, err)
		require.Equal(t, statWant(command), s)
	})
}

func FuzzParseStatm(f *testing.F) {
	f.Add([]byte("1000 256 200 10 0 90 0\n"))
	f.Add([]byte("1"))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := parseStatm(data)
		if err != nil {
			return
		}
		require.GreaterOrEqual(t, min(m.virtual, m.resident), int64(0))
		again, err := parseStatm(fmt.Appendf(nil, "%d %d", m.virtual, m.resident))
		require.NoError(t, err)
		require.Equal(t, m, again)
	})
}

func FuzzParseIO(f *testing.F) {
	f.Add([]byte(procTree["/proc/7/io"]))
	f.Add([]byte("read_bytes: 1"))
	f.Fuzz(func(t *testing.T, data []byte) {
		io, err := parseIO(data)
		if err == nil {
			require.GreaterOrEqual(t, min(io.read, io.written), int64(0))
			require.Contains(t, string(data), "write_bytes: ")
		}
	})
}
