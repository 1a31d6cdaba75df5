package metricstest

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/podpatterns/podpatterns/adapter/metrics"
)

// patience is how long a source may take.
const patience = 10 * time.Second

// Collect returns what source adds. An error of it, or 10 s, end the test.
func Collect(t testing.TB, source metrics.Source) *metrics.Batch {
	t.Helper()
	return CollectIn(t.Context(), t, source)
}

// CollectIn is Collect in what ctx carries, as a sandbox.
func CollectIn(ctx context.Context, t testing.TB, source metrics.Source) *metrics.Batch {
	t.Helper()
	if v, ok := source.(metrics.Validator); ok {
		if err := v.Validate(); err != nil {
			t.Fatalf("metricstest: %v: %v", source, err)
		}
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var found metrics.Batch
	if err := source.Collect(ctx, &found); err != nil {
		t.Fatalf("metricstest: Collect: %v", err)
	}
	return sorted(&found)
}

// sorted is b by names and labels.
func sorted(b *metrics.Batch) *metrics.Batch {
	families := slices.Clone(b.Families())
	slices.SortStableFunc(families, func(x, y *metrics.Family) int { return strings.Compare(x.Name, y.Name) })
	all := &metrics.Batch{Resource: b.Resource}
	for _, f := range families {
		slices.SortStableFunc(f.Points, func(x, y metrics.Point) int { return strings.Compare(x.Labels.Text(), y.Labels.Text()) })
		all.Copy(f)
	}
	return all
}

// Text returns what source adds as Prometheus' text 0.0.4.
func Text(t testing.TB, source metrics.Source) string {
	t.Helper()
	return text(t, Collect(t, source))
}

func text(t testing.TB, b *metrics.Batch) string {
	t.Helper()
	var out bytes.Buffer
	if err := metrics.Text.Write(&out, b); err != nil {
		t.Fatalf("metricstest: %v", err)
	}
	return out.String()
}
