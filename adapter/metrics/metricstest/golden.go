package metricstest

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"testing"

	"github.com/podpatterns/podpatterns/adapter/metrics"
)

// Golden fails t where the text of what source adds is not that of the file path.
func Golden(t testing.TB, source metrics.Source, path string) {
	t.Helper()
	GoldenText(t, Text(t, source), path)
}

// GoldenText is Golden of any text.
func GoldenText(t testing.TB, got, path string) {
	t.Helper()
	file, err := os.ReadFile(path)
	update := os.Getenv("PODPATTERNS_UPDATE") != ""
	if err != nil && !(update && errors.Is(err, fs.ErrNotExist)) {
		t.Fatalf("metricstest: %v (PODPATTERNS_UPDATE=1 writes the file)", err)
	}
	want := strings.ReplaceAll(string(file), "\r\n", "\n") // as Git may check it out
	if update {
		if err := os.WriteFile(path, []byte(merged(want, got)), 0o644); err != nil {
			t.Fatalf("metricstest: %v", err)
		}
		return
	}
	if d := difference(want, got); d != "" {
		t.Errorf("metricstest: %s is not what was collected (- is in the file, + was collected):\n%s", path, d)
	}
}

func lines(text string) []string { return strings.Split(strings.TrimSuffix(text, "\n"), "\n") }

// difference walks both in their order; what fits no line of the other is told.
func difference(want, got string) string {
	var d strings.Builder
	expected, found := lines(want), lines(got)
	for len(expected) > 0 || len(found) > 0 {
		switch {
		case len(expected) > 0 && len(found) > 0 && fits(expected[0], found[0]):
			expected, found = expected[1:], found[1:]
		case len(expected) > 0 && !anyFits(expected[0], found):
			fmt.Fprintf(&d, "- %s\n", expected[0])
			expected = expected[1:]
		case len(found) > 0:
			fmt.Fprintf(&d, "+ %s\n", found[0])
			found = found[1:]
		}
	}
	return d.String()
}

func anyFits(pattern string, all []string) bool {
	for _, line := range all {
		if fits(pattern, line) {
			return true
		}
	}
	return false
}

// merged is got with the lines of old that have an asterisk and fit.
func merged(old, got string) string {
	var patterns []string
	for _, line := range lines(old) {
		if strings.Contains(line, "*") {
			patterns = append(patterns, line)
		}
	}
	var b strings.Builder
	for _, line := range lines(got) {
		for _, p := range patterns {
			if fits(p, line) {
				line = p
				break
			}
		}
		b.WriteString(line + "\n")
	}
	return b.String()
}

// fits tells whether line is pattern, in which an asterisk stands for anything.
func fits(pattern, line string) bool {
	first, rest, wild := strings.Cut(pattern, "*")
	if !wild {
		return pattern == line
	}
	line, ok := strings.CutPrefix(line, first)
	if !ok {
		return false
	}
	for {
		var part string
		if part, rest, wild = strings.Cut(rest, "*"); !wild {
			return strings.HasSuffix(line, part)
		}
		i := strings.Index(line, part)
		if i < 0 {
			return false
		}
		line = line[i+len(part):]
	}
}
