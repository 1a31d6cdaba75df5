package prometheus

import (
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/podpatterns/podpatterns/adapter/metrics"
)

func written(t testing.TB, f metrics.Format, b *metrics.Batch) string {
	t.Helper()
	var out strings.Builder
	require.NoError(t, f.Write(&out, b))
	return out.String()
}

// roundTrip holds that what b is written as is read and written as the same bytes,
// which it returns.
func roundTrip(t testing.TB, f metrics.Format, read func(io.Reader, *metrics.Batch) error, b *metrics.Batch) string {
	t.Helper()
	text := written(t, f, b)
	var again metrics.Batch
	require.NoError(t, read(strings.NewReader(text), &again), text)
	require.Equal(t, text, written(t, f, &again))
	return text
}
