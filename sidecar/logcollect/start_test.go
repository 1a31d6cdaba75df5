package logcollect

import (
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
)

var startPatterns = []string{
	``, `^`, `a`, `^a`, `^ab+c`, `^\S`, `^[^ \t]`, `^\d{4}-\d\d`, `^(\d+|[A-Z]{3}) `, `^(?i)error|warn`, `^(?:(?i)k|ä)`, `^[ä-ö]`,
	`^.`, `(?s)^.`, `^\s*at`, `^x?y`, `^(a|)b`, `^$`, `^\x00`, `(?m)^a`, `^(?:^a)`, `^[\x{fffd}]`, `^\b`, `^a|b`, `^[^\x00-\x{10FFFF}]`,
}

func FuzzStart(f *testing.F) {
	for _, line := range []string{"", "a", "abc", "ba", " at", "2026-01 ", "ERROR", "warn", "K", "\u212a", "\xe4", "ä", "\xff", "\x00", "b"} {
		f.Add([]byte(line))
	}
	var starters []*starter
	for _, p := range startPatterns {
		starters = append(starters, newStarter(regexp.MustCompile(p)))
	}
	posix := regexp.MustCompilePOSIX(`^(a|ab)c`)
	starters = append(starters, newStarter(posix))
	f.Fuzz(func(t *testing.T, line []byte) {
		for i, p := range append(startPatterns, posix.String()) {
			if got, want := starters[i].begins(line), starters[i].match(line); got != want {
				t.Fatalf("%q begins with %s: %v, not %v", line, p, got, want)
			}
		}
	})
}

func TestStartAsksThePatternSeldom(t *testing.T) {
	asked := 0
	for _, p := range []string{`^\S`, `^\d{4}-`, `^[0-9]+ `, `^\[`, `^(INFO|ERROR)`} {
		s := newStarter(regexp.MustCompile(p))
		match := s.match
		s.match = func(line []byte) bool { asked++; return match(line) }
		require.False(t, s.begins([]byte("\tat main")), p)
	}
	require.Zero(t, asked)
}
