package main

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestMain makes the test binary the program where a test starts it as that.
func TestMain(m *testing.M) {
	if os.Getenv(isProgram) != "" {
		main()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

const (
	isProgram = "PODPATTERNS_EXAMPLE_WEB"
	tooLong   = time.Minute // nothing here takes so long
)

// A program is the example in a process of its own.
type program struct {
	t     *testing.T
	cmd   *exec.Cmd
	temp  string      // its temporary directory
	lines chan string // of its output, closed at its end
	said  []string    // the lines that were read
}

func start(t *testing.T, args ...string) *program {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	p := &program{t: t, cmd: exec.Command(self, args...), temp: t.TempDir(), lines: make(chan string, 100_000)}
	p.cmd.Env = append(os.Environ(), isProgram+"=1", "TMPDIR="+p.temp)
	output, input := io.Pipe()
	p.cmd.Stdout, p.cmd.Stderr = input, input
	require.NoError(t, p.cmd.Start())
	overdue := time.AfterFunc(tooLong, func() { p.cmd.Process.Kill() })
	t.Cleanup(func() {
		overdue.Stop()
		p.cmd.Process.Kill()
		for range p.lines {
		}
		if t.Failed() {
			t.Logf("%q said:\n%s", args, strings.Join(p.said, "\n"))
		}
	})
	go func() {
		p.cmd.Wait()
		input.Close()
	}()
	go func() {
		defer close(p.lines)
		for s := bufio.NewScanner(output); s.Scan(); {
			p.lines <- s.Text()
		}
	}()
	return p
}

// await returns what the first line of output that matches holds.
func (p *program) await(pattern string) string {
	p.t.Helper()
	re := regexp.MustCompile(pattern)
	for line := range p.lines {
		p.said = append(p.said, line)
		if found := re.FindStringSubmatch(line); found != nil {
			return found[len(found)-1]
		}
	}
	require.FailNow(p.t, "the program has ended without saying "+pattern)
	return ""
}

func (p *program) signal(s os.Signal) {
	p.t.Helper()
	require.NoError(p.t, p.cmd.Process.Signal(s))
}

// wait waits for the program's end, with this exit code, and for that of all that
// it has started, and looks at what it has left.
func (p *program) wait(code int) {
	p.t.Helper()
	for line := range p.lines {
		p.said = append(p.said, line)
	}
	require.Equal(p.t, code, p.cmd.ProcessState.ExitCode(), "exit code")
	requireNothingRuns(p.t, p.temp)
	left, err := os.ReadDir(p.temp)
	require.NoError(p.t, err)
	require.Empty(p.t, left, "temporary files")
}

// requireCounts checks the last line.
func (p *program) requireCounts() {
	p.t.Helper()
	counts := regexp.MustCompile(`^served=([1-9]\d*) logged=(\d+) collected=(\d+)$`).FindStringSubmatch(p.said[len(p.said)-1])
	require.NotNil(p.t, counts, "last line")
	require.Equal(p.t, counts[1], counts[2], "served and logged")
	require.Equal(p.t, counts[2], counts[3], "logged and collected")
}

// requireNothingRuns fails if a process stays that works below dir, as nginx and
// the shells do.
func requireNothingRuns(t *testing.T, dir string) {
	t.Helper()
	if runtime.GOOS != "linux" {
		return
	}
	require.Eventually(t, func() bool { return len(processesBelow(dir)) == 0 }, 5*time.Second, 10*time.Millisecond, "processes are left")
}

func processesBelow(dir string) []string {
	links, _ := filepath.Glob("/proc/[0-9]*/cwd")
	return slices.DeleteFunc(links, func(link string) bool {
		cwd, err := os.Readlink(link)
		return err != nil || !strings.HasPrefix(cwd, dir)
	})
}

// eachServer runs test with the web server that is a part of the program, and
// with nginx.
func eachServer(t *testing.T, test func(t *testing.T, flags []string)) {
	t.Run("go", func(t *testing.T) {
		t.Parallel()
		test(t, nil)
	})
	t.Run("nginx", func(t *testing.T) {
		t.Parallel()
		needNginx(t)
		test(t, []string{"-nginx"})
	})
}

func needNginx(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("nginx"); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
}
