package metrics

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/podpatterns/podpatterns/pod/sandbox"
)

// A tree is the content of files by their absolute names.
type tree map[string]string

// booted is when the machine of a tree was.
const booted = 1_700_000_000_000_000_000

// system writes the tree into a folder of its own and returns a system with it,
// on which this process has the pid 1.
func (files tree) system(t testing.TB) *system {
	t.Helper()
	s := &system{goos: "linux", root: t.TempDir(), pageSize: 4096, pid: 1, reopen: true, booted: func() (int64, bool) { return booted, true }}
	files.write(t, s)
	return s
}

func (files tree) write(t testing.TB, s *system) {
	t.Helper()
	for name, content := range files {
		file := filepath.Join(s.root, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
		require.NoError(t, os.WriteFile(file, []byte(content), 0o644))
	}
}

// with returns a copy that has more files, or others of the same name.
func (files tree) with(more tree) tree {
	all := maps.Clone(files)
	maps.Copy(all, more)
	return all
}

// except returns a copy without the files whose name contains word.
func (files tree) except(word string) tree {
	kept := tree{}
	for name, content := range files {
		if !strings.Contains(name, word) {
			kept[name] = content
		}
	}
	return kept
}

// statOf is a line of /proc/<pid>/stat.
func statOf(pid int, command string, user, system, threads, start int) string {
	return fmt.Sprintf("%d (%s) S 1 7 7 0 -1 4194304 900 70 3 2 %d %d 5 6 20 0 %d 0 %d 9999360 400 18446744073709551615 1 1 0 0 0 0 0 0 0 0 0 0 17 1 0 0 0 0 0 1 1 1 1 1 1 1 0\n",
		pid, command, user, system, threads, start)
}

// running returns a context of a pod in which container has the pid that process
// returns; 0 is a container that does not run.
func running(container string, process func() int) context.Context {
	s := &sandbox.Sandbox{Process: func(_ context.Context, name string) (int, error) {
		if pid := process(); name == container && pid != 0 {
			return pid, nil
		}
		return 0, fmt.Errorf("%w: container %q", sandbox.ErrUnknown, name)
	}}
	return s.Context(context.Background())
}

func pid(n int) func() int { return func() int { return n } }
