package podtest

import (
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// An output writes to the test's own until the test has ended: testing panics on
// what comes later, and a container that hangs outlives its test.
type output struct {
	mu sync.Mutex
	w  io.Writer // nil: the test has ended
}

func newOutput(t testing.TB) *output {
	o := &output{w: t.Output()}
	t.Cleanup(o.end)
	return o
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.w == nil {
		return len(b), nil
	}
	return o.w.Write(b)
}

func (o *output) end() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.w = nil
}

// logger logs everything to the output.
func (o *output) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(o, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// keep adds text to a file in the test's artefact directory.
func keep(t testing.TB, name, text string) {
	t.Helper()
	f, err := os.OpenFile(filepath.Join(t.ArtifactDir(), name), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o666)
	if err != nil {
		t.Logf("podtest: %v", err)
		return
	}
	defer f.Close()
	if _, err := io.WriteString(f, text); err != nil {
		t.Logf("podtest: %v", err)
	}
}
