package files

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestRead(t *testing.T) {
	dir := t.TempDir()
	outside := filepath.Join(t.TempDir(), "secret")
	require.NoError(t, os.WriteFile(outside, []byte("secret"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "a"), []byte("12345"), 0o600))
	require.NoError(t, os.Mkdir(filepath.Join(dir, "d"), 0o700))
	require.NoError(t, os.Symlink(outside, filepath.Join(dir, "out")))
	require.NoError(t, os.Symlink("a", filepath.Join(dir, "in")))
	root, err := os.OpenRoot(dir)
	require.NoError(t, err)
	defer root.Close()

	for _, path := range []string{"a", "in", filepath.Join(dir, "a")} {
		b, err := Read(root, path, 5)
		require.NoError(t, err)
		require.Equal(t, "12345", string(b))
	}
	b, err := Read(nil, outside, 100)
	require.NoError(t, err)
	require.Equal(t, "secret", string(b))
	t.Chdir(dir)
	b, err = Read(nil, "a", 100)
	require.NoError(t, err)
	require.Equal(t, "12345", string(b))

	_, err = Read(root, "a", 4)
	require.EqualError(t, err, "a is larger than 4 bytes")
	_, err = Read(root, "d", 4)
	require.ErrorContains(t, err, "d is no regular file: d")
	_, err = Read(root, "", 4)
	require.ErrorIs(t, err, ErrEmptyPath)
	_, err = Read(root, "none", 4)
	require.ErrorIs(t, err, os.ErrNotExist)
	for _, path := range []string{"out", "../x"} {
		_, err = Read(root, path, 100)
		require.ErrorContains(t, err, "escapes", path)
	}
}
