package hostport

import (
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/podpatterns/podpatterns/pod/sandbox"
)

// A path stays inside the root, whatever its links say.
func TestWhere(t *testing.T) {
	dir := t.TempDir()
	root, err := os.OpenRoot(dir)
	require.NoError(t, err)
	defer root.Close()
	require.NoError(t, os.Mkdir(filepath.Join(dir, "d"), 0o700))
	require.NoError(t, os.Symlink("d", filepath.Join(dir, "in")))
	require.NoError(t, os.Symlink(t.TempDir(), filepath.Join(dir, "out")))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "d", "s"), nil, 0o600))
	ctx := (&sandbox.Sandbox{Root: root}).Context(t.Context())
	for name, want := range map[string]string{
		"s": filepath.Join(dir, "s"), "in/s": filepath.Join(dir, "in/s"), "/run/s": "/run/s", "@s": "@s", "../s": "", "out/s": "", "out": "",
	} {
		got, err := Address{Network: "unix", Name: name}.Where(ctx)
		require.Equal(t, want, got, name)
		if want == "" {
			require.ErrorContains(t, err, "escapes", name)
		}
	}
	got, err := Address{Network: "unix", Name: "../s"}.Where(t.Context())
	require.NoError(t, err)
	require.Equal(t, "../s", got)
}

// What Parse takes can be split again; of the rest it says what is wrong.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"", ":", "a", "a:1", "a:0", "a:65535", "a:65536", "a:+1", "a:01", "a:-1", "a:http", ":80", "::1:80", "[::1]:80", "[::1%lo]:80",
		"[::1", "]:1", "unix:", "unix:/run/s", "unix:s", "unix:@s", "unix:unix:s", "unixx:1", "a:b:1", "a:1 ", "\x00:1", "a b:1", "http://a:1",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		at, err := Parse(text)
		if err != nil {
			if err.Error() == "" || at != (Address{}) {
				t.Errorf("%q: %+v %q", text, at, err)
			}
			return
		}
		switch at.Network {
		case "unix":
			if at.Name == "" || "unix:"+at.Name != text || at.Host+at.Port != "" {
				t.Errorf("%q became %+v", text, at)
			}
		case "tcp":
			host, port, err := net.SplitHostPort(at.Name)
			n, nerr := strconv.Atoi(port)
			if err != nil || nerr != nil || host == "" || n < 1 || n > 65535 || host != at.Host || port != at.Port || strings.HasPrefix(text, "unix:") {
				t.Errorf("%q became %+v (%v, %v)", text, at, err, nerr)
			}
			if at.Name != text || strings.ContainsFunc(host, NotInHost) {
				t.Errorf("%q became %+v", text, at)
			}
		default:
			t.Errorf("%q is of network %q", text, at.Network)
		}
	})
}
