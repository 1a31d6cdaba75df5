package prometheus

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/podpatterns/podpatterns/adapter/metrics"
	"github.com/podpatterns/podpatterns/pod/sandbox"
)

func TestFiles(t *testing.T) {
	dir := t.TempDir()
	root, err := os.OpenRoot(dir)
	require.NoError(t, err)
	defer root.Close()
	var log bytes.Buffer
	ctx := (&sandbox.Sandbox{Root: root, Logger: slog.New(slog.NewTextHandler(&log, nil))}).Context(context.Background())
	write := func(name, text string) {
		t.Helper()
		file := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
		require.NoError(t, os.WriteFile(file, []byte(text), 0o644))
		require.NoError(t, os.Chtimes(file, time.Time{}, time.Unix(1700000000, 5e8)))
	}
	f := &File{Path: "jobs/*.prom"}
	require.Equal(t, "prometheus/jobs/*.prom", f.String())
	collect := func() (string, error) {
		var b, settled metrics.Batch
		if err := f.Collect(ctx, &b); err != nil {
			return "", err
		}
		e := &metrics.Exporter{Sources: []metrics.Source{f}}
		require.NoError(t, e.Collect(ctx, &settled))
		require.Zero(t, e.Stats().Conflicts)
		return written(t, metrics.Text, &b), nil
	}
	text, err := collect()
	require.NoError(t, err)
	require.Empty(t, text, "nothing is there yet")

	write("jobs/a.prom", "# TYPE h histogram\nh_bucket{le=\"1\"} 1\nh_bucket{le=\"+Inf\"} 2\nh_sum 3\nh_count 2\n")
	write("jobs/b.prom", "# TYPE made counter\nmade_total 1\nmade_created 5\n# EOF\n")
	write("jobs/c.prom", "half 1\nwritt")
	write("jobs/d.txt", "another 1\n")
	for range 3 {
		text, err = collect()
		require.NoError(t, err)
		require.Equal(t, `# HELP prometheus_file_up 1 if the file was read, 0 if it is bad: then none of its values are here.
# TYPE prometheus_file_up gauge
prometheus_file_up{file="jobs/a.prom"} 1
prometheus_file_up{file="jobs/b.prom"} 1
prometheus_file_up{file="jobs/c.prom"} 0
# HELP prometheus_file_mtime_seconds When the file was written last, in Unix time.
# TYPE prometheus_file_mtime_seconds gauge
prometheus_file_mtime_seconds{file="jobs/a.prom"} 1.7000000005e+09
prometheus_file_mtime_seconds{file="jobs/b.prom"} 1.7000000005e+09
prometheus_file_mtime_seconds{file="jobs/c.prom"} 1.7000000005e+09
# TYPE h histogram
h_bucket{le="1"} 1
h_bucket{le="+Inf"} 2
h_sum 3
h_count 2
# TYPE made_total counter
made_total 1
`, text)
	}
	require.Equal(t, 1, strings.Count(log.String(), "file left out"))

	require.NoError(t, os.Remove(filepath.Join(dir, "jobs/a.prom")))
	require.NoError(t, os.Remove(filepath.Join(dir, "jobs/b.prom")))
	_, err = collect()
	require.ErrorContains(t, err, "jobs/c.prom: line 2: the last line has no end")
	require.Len(t, f.known, 1)

	f = &File{Path: filepath.Join(dir, "jobs", "d.txt"), MaxBytes: 5}
	_, err = collect()
	require.ErrorContains(t, err, "larger than 5 bytes")
	f = &File{Path: filepath.Join(dir, "*", "*.txt"), Strict: true}
	text, err = collect()
	require.NoError(t, err)
	require.Contains(t, text, "another 1\n")
	f = &File{Path: "missing"}
	_, err = collect()
	require.ErrorIs(t, err, os.ErrNotExist)
	for want, bad := range map[string]*File{"Path: empty": {}, `Path: "["`: {Path: "["}, "MaxBytes: -1": {Path: "a", MaxBytes: -1}} {
		require.ErrorContains(t, bad.Validate(), want)
		require.ErrorContains(t, bad.Collect(ctx, new(metrics.Batch)), want)
	}
}
