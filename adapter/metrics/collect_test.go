package metrics

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// collect returns what s adds, a line a point in the order of names and labels,
// and holds it against what is well known. Uptimes are not in it.
func collect(t testing.TB, ctx context.Context, s Source) (string, error) {
	t.Helper()
	var b Batch
	err := s.Collect(ctx, &b)
	return lines(t, &b), err
}

func lines(t testing.TB, b *Batch) string {
	t.Helper()
	var all []string
	for _, f := range b.Families() {
		known, ok := WellKnown(f.Name)
		require.True(t, ok, "%s is not well known", f.Name)
		require.Equal(t, known, f.Desc)
		for _, p := range f.Points {
			if f.Kind == Counter {
				require.Positive(t, p.Start, f.Name)
			}
			if strings.HasSuffix(f.Name, ".uptime") {
				require.GreaterOrEqual(t, p.Value.Float(), 0.0)
				continue
			}
			labels := p.Labels.Text()
			if labels != "" {
				labels = "{" + labels + "}"
			}
			all = append(all, fmt.Sprintf("%s%s %s\n", f.Name, labels, strconv.FormatFloat(p.Value.Float(), 'f', -1, 64)))
		}
	}
	slices.Sort(all)
	require.Equal(t, len(all), len(slices.Compact(slices.Clone(all))))
	return strings.Join(all, "")
}

// points are the values of b by name and labels.
func points(t testing.TB, b *Batch) map[string]Point {
	t.Helper()
	all := map[string]Point{}
	for _, f := range b.Families() {
		for _, p := range f.Points {
			all[f.Name+"{"+p.Labels.Text()+"}"] = p
		}
	}
	return all
}
