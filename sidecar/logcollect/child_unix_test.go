//go:build unix

package logcollect

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const childRoot, childKind = "LOGCOLLECT_TEST_ROOT", "LOGCOLLECT_TEST_KIND"

// TestChild is the process that other tests start, and kill.
func TestChild(t *testing.T) {
	dir := os.Getenv(childRoot)
	if dir == "" {
		t.Skip("not a child")
	}
	if err := runChild(dir, os.Getenv(childKind)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// runChild collects until SIGTERM, as a process of its own.
func runChild(dir, kind string) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	c := &Collector{Include: []string{"access.log"}, Sink: &File{Path: "out"}, PollInterval: 10 * time.Millisecond}
	switch kind {
	case "rotated":
		c.Sink = &File{Path: "out", RotateBytes: 100 << 10, Compress: zipper{}}
	case "synced":
		c.Sync = true
	case "small disk":
		err = limitFiles()
	case "events":
		c.StripCR, c.Multiline = true, &Multiline{Start: indented.Start, Idle: time.Hour}
	case "event records":
		c.StripCR, c.Multiline = true, &Multiline{Start: indented.Start, Idle: time.Hour}
		var out *os.File
		out, err = os.OpenFile(dir+"/out", os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
		c.Sink = records{out}
	default:
		err = fmt.Errorf("%s: no such child", kind)
	}
	if err != nil {
		return err
	}
	return c.Run(ctx, root)
}

// command is a child that is not started yet.
func (b *bench) command(kind string) *exec.Cmd {
	child := exec.Command(os.Args[0], "-test.run=^TestChild$")
	child.Env = append(os.Environ(), childRoot+"="+b.dir, childKind+"="+kind)
	return child
}

// endsOut tells whether the output ends with text.
func (b *bench) endsOut(text string) bool {
	got, err := os.ReadFile(b.path("out"))
	return err == nil && strings.HasSuffix(string(got), text)
}

// sizeOut is how much output there is, which changes as a child works.
func (b *bench) sizeOut() int64 {
	fi, err := os.Stat(b.path("out"))
	if err != nil {
		return 0
	}
	return fi.Size()
}

// requireSame says where got, which may be long, begins to differ.
func requireSame(t *testing.T, want, got string) {
	t.Helper()
	i := 0
	for i < min(len(got), len(want)) && got[i] == want[i] {
		i++
	}
	require.True(t, want == got, "%d bytes, and %d are wanted; they differ from byte %d on: %.200q, not %.200q", len(got), len(want), i, got[i:], want[i:])
}
