package prometheus

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/podpatterns/podpatterns/adapter/metrics"
)

// The corpus of the OpenMetrics project: a folder for each input, with what is to
// become of it.
func TestTheOpenMetricsCorpus(t *testing.T) {
	dir := os.Getenv("PODPATTERNS_OPENMETRICS")
	if dir == "" {
		t.Skip("PODPATTERNS_OPENMETRICS does not name the corpus's folder")
	}
	cases, err := filepath.Glob(filepath.Join(dir, "*", "test.json"))
	require.NoError(t, err)
	good, bad := 0, 0
	for _, file := range cases {
		var is struct {
			File        string
			ShouldParse bool
		}
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(text, &is))
		input, err := os.ReadFile(filepath.Join(filepath.Dir(file), is.File))
		require.NoError(t, err)
		var r Reader
		var b metrics.Batch
		err = r.OpenMetrics(strings.NewReader(string(input)), &b)
		name := filepath.Base(filepath.Dir(file))
		switch {
		case is.ShouldParse && err == nil:
			good++
			roundTrip(t, metrics.OpenMetrics, r.OpenMetrics, &b)
		case is.ShouldParse:
			t.Errorf("%s: %v\n%s", name, err, input)
		case err == nil:
			t.Errorf("%s: is taken\n%s", name, input)
		default:
			bad++
		}
	}
	require.Equal(t, 44, good)
	require.Equal(t, 167, bad)
}
