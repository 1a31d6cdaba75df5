package logcollect

import (
	"compress/gzip"
	"os"
	"path/filepath"

	"github.com/stretchr/testify/require"
)

// link makes a symbolic link.
func (b *bench) link(to, name string) {
	b.Helper()
	require.NoError(b, os.Symlink(to, b.path(name)))
}

// compress does to a file what gzip does.
func (b *bench) compress(name string) {
	b.Helper()
	require.NoError(b, os.MkdirAll(filepath.Dir(b.path(name)), 0o755))
	f, err := os.Create(b.path(name + ".gz"))
	require.NoError(b, err)
	z := gzip.NewWriter(f)
	_, err = z.Write([]byte(b.read(name)))
	require.NoError(b, err)
	require.NoError(b, z.Close())
	require.NoError(b, f.Close())
	b.remove(name)
}

// writeAt writes text as a writer does that has written what was before, and does
// not append but goes on where it was.
func (b *bench) writeAt(name, before, text string) {
	b.Helper()
	f, err := os.OpenFile(b.path(name), os.O_WRONLY, 0)
	require.NoError(b, err)
	_, err = f.WriteAt([]byte(text), int64(len(before)))
	require.NoError(b, err)
	require.NoError(b, f.Close())
}
