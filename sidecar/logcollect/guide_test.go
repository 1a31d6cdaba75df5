package logcollect_test

import (
	"context"
	"errors"
	"fmt"
	"go/doc/comment"
	"go/parser"
	"go/token"
	"log"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/podpatterns/podpatterns/pod/podtest"
	"github.com/podpatterns/podpatterns/sidecar/logcollect"
)

// The guide in doc.go, which TestGuide holds to be this.

type journal struct{ path string }

func (j *journal) Write(_ context.Context, batch logcollect.Batch) error {
	f, err := os.OpenFile(j.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(batch.Lines)
	return errors.Join(err, f.Sync(), f.Close())
}

func TestMain(m *testing.M) {
	if dir := os.Getenv("COLLECT_FROM"); dir != "" {
		if err := collect(dir); err != nil {
			log.Fatal(err)
		}
		return
	}
	os.Exit(m.Run())
}

func collect(dir string) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	c := &logcollect.Collector{Include: []string{"access.log"}, Sink: newSink(dir)}
	return c.Run(ctx, root)
}

func TestJournalKilled(t *testing.T) {
	dir := t.TempDir()
	in, err := os.Create(filepath.Join(dir, "access.log"))
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out := func() string {
		text, _ := os.ReadFile(filepath.Join(dir, "journal"))
		return string(text)
	}
	written := 0
	podtest.KillLoop(t, podtest.Kill{
		Command: func() *exec.Cmd {
			cmd := exec.Command(os.Args[0])
			cmd.Env = append(os.Environ(), "COLLECT_FROM="+dir)
			return cmd
		},
		Kills: 20,
		Work: func() {
			fmt.Fprintf(in, "line %d\n", written)
			written++
		},
		Progress: func() int64 { return int64(len(out())) },
		Done:     func() bool { return strings.HasSuffix(out(), fmt.Sprintf("line %d\n", written-1)) },
	})
	text := out()
	for i := range written {
		if !strings.Contains(text, fmt.Sprintf("line %d\n", i)) {
			t.Errorf("line %d is lost", i)
		}
	}
	t.Logf("%d lines written, %d delivered twice", written, strings.Count(text, "\n")-written)
}

// What the guide leaves out.

func newSink(dir string) logcollect.Sink {
	switch os.Getenv("COLLECT_INTO") {
	case "file":
		return &logcollect.File{Path: "out"}
	case "writer":
		out, err := os.OpenFile(filepath.Join(dir, "out"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
		if err != nil {
			log.Fatal(err)
		}
		return logcollect.To(out)
	}
	return &journal{filepath.Join(dir, "journal")}
}

func TestGuide(t *testing.T) {
	guide, err := os.ReadFile("guide_test.go")
	require.NoError(t, err)
	doc, err := parser.ParseFile(token.NewFileSet(), "doc.go", nil, parser.ParseComments)
	require.NoError(t, err)
	found := 0
	for _, block := range new(comment.Parser).Parse(doc.Doc.Text()).Content {
		code, ok := block.(*comment.Code)
		if ok && (strings.HasPrefix(code.Text, "func ") || strings.HasPrefix(code.Text, "type ")) {
			found++
			require.Contains(t, string(guide), "\n"+code.Text)
		}
	}
	require.Equal(t, 3, found)
}
