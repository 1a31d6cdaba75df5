package archive_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/require"

	"github.com/podpatterns/podpatterns/sidecar/logcollect"
	"github.com/podpatterns/podpatterns/sidecar/logcollect/archive"
)

var _, _ logcollect.Compressor = archive.Gzip{}, archive.Zstd{}

// expand returns what a compressed file holds.
func expand(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	require.NoError(t, err)
	var r io.Reader = bytes.NewReader(text)
	switch filepath.Ext(name) {
	case ".gz":
		r, err = gzip.NewReader(r)
	case ".zst":
		r, err = zstd.NewReader(r)
	}
	require.NoError(t, err)
	text, err = io.ReadAll(r)
	require.NoError(t, err)
	return string(text)
}

func TestLevels(t *testing.T) {
	text := strings.Repeat("a line of a log that repeats itself\n", 10_000)
	for level := range 24 {
		for _, c := range []logcollect.Compressor{archive.Gzip{Level: level}, archive.Zstd{Level: level}} {
			w, err := c.NewWriter(io.Discard)
			if level > 22 || level > 9 && c.Ext() == ".gz" {
				require.ErrorContains(t, err, fmt.Sprintf("Level: %d is not from 1 to", level))
				continue
			}
			require.NoError(t, err)
			require.NoError(t, w.Close())
			name := filepath.Join(t.TempDir(), "a"+c.Ext())
			f, err := os.Create(name)
			require.NoError(t, err)
			w, err = c.NewWriter(f)
			require.NoError(t, err)
			_, err = io.WriteString(w, text)
			require.NoError(t, err)
			require.NoError(t, w.Close())
			require.NoError(t, f.Close())
			require.Equal(t, text, expand(t, name))
		}
	}
	_, err := archive.Zstd{Level: -1}.NewWriter(io.Discard)
	require.ErrorContains(t, err, "Zstd.Level: -1")
	err = (&logcollect.Collector{Include: []string{"a"}, Sink: &logcollect.File{Path: "b", RotateBytes: 1, Compress: archive.Gzip{Level: 10}}}).Run(t.Context(), nil)
	require.ErrorContains(t, err, "Sink: File.Compress: archive.Gzip: Gzip.Level: 10 is not from 1 to 9")
}

func TestRotated(t *testing.T) {
	for _, c := range []logcollect.Compressor{archive.Gzip{}, archive.Zstd{}} {
		t.Run(c.Ext(), func(t *testing.T) {
			dir := t.TempDir()
			root, err := os.OpenRoot(dir)
			require.NoError(t, err)
			defer root.Close()
			var text []byte
			for i := range 100_000 {
				text = fmt.Appendf(text, "line %d of a log, %d\n", i, i*i)
			}
			require.NoError(t, os.WriteFile(filepath.Join(dir, "a.log"), text, 0o644))
			f := &logcollect.File{Path: "out/all.log", RotateBytes: 1 << 20, Compress: c}
			ctx, stop := context.WithCancel(t.Context())
			done := make(chan error)
			go func() { done <- (&logcollect.Collector{Include: []string{"**/*.log"}, Sink: f}).Run(ctx, root) }()
			require.Eventually(t, func() bool { return f.Stats().Compressed == 2 }, time.Minute, time.Millisecond)
			stop()
			require.NoError(t, <-done)

			names, err := filepath.Glob(filepath.Join(dir, "out", "*"))
			require.NoError(t, err)
			slices.Sort(names)
			names = append(names[1:], names[0]) // the one that is written to is the last one
			require.Equal(t, []string{"all.log.000001" + c.Ext(), "all.log.000002" + c.Ext(), "all.log"},
				[]string{filepath.Base(names[0]), filepath.Base(names[1]), filepath.Base(names[2])})
			var got strings.Builder
			for _, name := range names {
				got.WriteString(expand(t, name))
			}
			require.True(t, string(text) == got.String())
		})
	}
}

func Example() {
	dir, err := os.MkdirTemp("", "archive")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	root, err := os.OpenRoot(dir)
	if err != nil {
		panic(err)
	}
	defer root.Close()

	logs := &logcollect.Collector{
		Include: []string{"*.log"},
		Sink: &logcollect.File{
			Path:        "collected/all.log",
			RotateBytes: 100 << 20, // to all.log.000001, soon all.log.000001.gz
			KeepFiles:   10,
			Compress:    archive.Gzip{},
		},
	}
	ctx, stop := context.WithCancel(context.Background())
	stop() // at once: it drains what there is
	fmt.Println(logs.Run(ctx, root))
	// Output: <nil>
}
