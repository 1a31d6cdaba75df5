package sinktest_test

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/podpatterns/podpatterns/sidecar/logcollect"
	"github.com/podpatterns/podpatterns/sidecar/logcollect/sinktest"
)

func TestFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out")
	var f *logcollect.File
	open := func() logcollect.Resumer {
		if f != nil {
			f.Close() // only the end of a process gives its lock free
		}
		f = &logcollect.File{Path: path}
		return f
	}
	sinktest.TestResumer(t, open, func() []byte {
		got, err := os.ReadFile(path)
		require.NoError(t, err)
		return got
	})
}

// A table stands for one of a database: rows that stay when the process has gone.
type table struct{ rows [][]byte }

// A loader adds rows to a table. Its mark is how many there are.
type loader struct{ *table }

func (l loader) Resume(_ context.Context, from logcollect.Resume) error {
	if from.Mark == "" || from.Keep {
		return nil
	}
	n, err := strconv.Atoi(from.Mark)
	if err != nil {
		return err
	}
	l.rows = l.rows[:n]
	return nil
}

func (l loader) Write(_ context.Context, batch logcollect.Batch) error {
	for _, line := range batch.All() {
		l.rows = append(l.rows, slices.Clone(line))
	}
	return nil
}

func (l loader) Mark(context.Context) (string, error) { return strconv.Itoa(len(l.rows)), nil }
func (l loader) Close() error                         { return nil }

func TestTable(t *testing.T) {
	rows := &table{}
	sinktest.TestResumer(t, func() logcollect.Resumer { return loader{rows} }, func() []byte { return bytes.Join(rows.rows, nil) })
}

// A test of a sink of one's own is this.
func ExampleTestResumer() {
	var t *testing.T // of the test
	rows := &table{} // of a database that is empty
	open := func() logcollect.Resumer { return loader{rows} }
	read := func() []byte { return bytes.Join(rows.rows, nil) }

	sinktest.TestResumer(t, open, read)
}

// What is wrong with a sink is found.
func TestForgetful(t *testing.T) {
	if os.Getenv("SINKTEST_CHILD") == "" {
		out := child(t)
		require.Contains(t, out, "--- FAIL: TestForgetful")
		require.Contains(t, out, "that it must have by then")
		return
	}
	rows := &table{}
	open := func() logcollect.Resumer { return forgetful{loader{rows}} }
	sinktest.TestResumer(t, open, func() []byte { return bytes.Join(rows.rows, nil) })
}

// A forgetful sink does not go back.
type forgetful struct{ loader }

func (f forgetful) Resume(context.Context, logcollect.Resume) error { return nil }

// child runs the test again in a process of its own, where it may fail.
func child(t *testing.T) string {
	cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.timeout=1m")
	cmd.Env = append(os.Environ(), "SINKTEST_CHILD=1")
	out, err := cmd.CombinedOutput()
	require.Error(t, err)
	return string(out)
}
