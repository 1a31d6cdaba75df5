package logcollect

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// compareNames orders what two rotations have added to one name: counting, where
// 1 is the latest unless they count up, or the time, where the later one is later.
// What has nothing added is the latest.
func compareNames(a, b string, up bool) int {
	if a == "" || b == "" {
		return cmp.Compare(len(b), len(a))
	}
	m, counts := counted(a)
	n, both := counted(b)
	switch {
	case !counts || !both:
		return strings.Compare(a, b)
	case up:
		return cmp.Compare(m, n)
	default:
		return cmp.Compare(n, m)
	}
}

// countsUp tells whether the last rotation of the log called home has the highest
// number, by when those were written that are there: logrotate gives it 1, others
// the next one that is free.
func countsUp(files map[fileID]sighting, home string) bool {
	type numbered struct {
		n int
		sighting
	}
	var all []numbered
	for _, at := range files {
		if rest, ok := strings.CutPrefix(at.name, home); ok && rest != "" {
			if n, ok := counted(rest); ok {
				all = append(all, numbered{n, at})
			}
		}
	}
	slices.SortFunc(all, func(a, b numbered) int { return cmp.Compare(a.n, b.n) })
	ups := 0
	for i := 1; i < len(all); i++ {
		ups += all[i].mod.Compare(all[i-1].mod)
	}
	return ups > 0
}

// counted is the number in ".1".
func counted(suffix string) (n int, ok bool) {
	n, err := strconv.Atoi(suffix[1:])
	return n, err == nil && n < maxCounted
}

// maxCounted is the least number behind a name that may be a date.
const maxCounted = 100_000
