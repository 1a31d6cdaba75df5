package podtest

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// asVictim is the variable that makes the test binary a process to be killed, which
// it names, in the directory that is its working one.
const asVictim = "PODTEST_VICTIM"

func TestMain(m *testing.M) {
	if kind := os.Getenv(asVictim); kind != "" {
		os.Exit(victims[kind]())
	}
	os.Exit(m.Run())
}

var victims = map[string]func() int{
	"copier": func() int { return copyLines(false) },
	"hasty":  func() int { return copyLines(true) },
	"idle": func() int {
		untilTerm()
		return 0
	},
	"short": func() int {
		fmt.Fprintln(os.Stderr, "no work here")
		return 7
	},
	"sulky": func() int {
		untilTerm()
		fmt.Fprintln(os.Stderr, "not like this")
		return 3
	},
	"deaf": func() int {
		signal.Ignore(syscall.SIGTERM)
		os.WriteFile("deaf", nil, 0o644)
		select {}
	},
}

func untilTerm() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	os.WriteFile("listening", nil, 0o644)
	<-ctx.Done()
}

// copyLines copies the file called in to the one called out, as it grows. Where it
// begins is the length of out, unless it is hasty: then it is in a third file, which
// it writes before it copies.
func copyLines(hasty bool) int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	for ctx.Err() == nil {
		in, _ := os.ReadFile("in")
		out, _ := os.ReadFile("out")
		at := len(out)
		if hasty {
			note, _ := os.ReadFile("note")
			fmt.Sscan(string(note), &at)
		}
		if len(in) <= at {
			time.Sleep(time.Millisecond)
			continue
		}
		if hasty {
			os.WriteFile("note", fmt.Append(nil, len(in)), 0o644)
			time.Sleep(2 * time.Millisecond)
		}
		f, err := os.OpenFile("out", os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
		if err != nil {
			return 1
		}
		f.Write(in[at:])
		f.Close()
	}
	return 0
}

// killing is a Kill of victims of one kind, that writes numbers to in.
func killing(t *testing.T, kind string) (k Kill, read func(name string) string) {
	dir := t.TempDir()
	read = func(name string) string {
		text, _ := os.ReadFile(filepath.Join(dir, name))
		return string(text)
	}
	n := 0
	return Kill{
		Command: func() *exec.Cmd {
			cmd := exec.Command(os.Args[0])
			cmd.Dir, cmd.Env = dir, append(os.Environ(), asVictim+"="+kind)
			return cmd
		},
		Kills: 20,
		Life:  20 * time.Millisecond,
		Work: func() {
			f, err := os.OpenFile(filepath.Join(dir, "in"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
			require.NoError(t, err)
			fmt.Fprintln(f, n)
			require.NoError(t, f.Close())
			n++
		},
		Progress: func() int64 { return int64(len(read("out"))) },
		Done:     func() bool { return strings.HasSuffix(read("out"), fmt.Sprintf("\n%d\n", n-1)) },
		patience: 20 * time.Second,
	}, read
}

func TestKillLoop(t *testing.T) {
	k, read := killing(t, "copier")
	starts := 0
	start := k.Command
	k.Command = func() *exec.Cmd { starts++; return start() }
	KillLoop(t, k)
	require.Equal(t, 20+1, starts)
	require.Equal(t, read("in"), read("out"))
}

// One that notes what it has done before it does it is what such a test is to find.
func TestKillLoopFindsALoss(t *testing.T) {
	for range 5 { // a machine may be so busy that no kill hits the moment
		k, read := killing(t, "hasty")
		require.NoError(t, k.loop())
		if read("in") != read("out") {
			return
		}
	}
	t.Error("a loss was not found")
}

func TestKillLoopFails(t *testing.T) {
	for _, c := range []struct {
		kind, want string
		change     func(k *Kill)
	}{
		{"short", "process 2 of 20: ended by itself: exit status 7; it said:\nno work here", func(k *Kill) { k.Life = time.Nanosecond }},
		{"idle", "process 2 of 20: waited 500ms for a change of Progress in vain, without a word", func(k *Kill) { k.patience = 500 * time.Millisecond }},
		{"copier", "the last process: waited 500ms for Done in vain", func(k *Kill) {
			k.Kills, k.patience, k.Done = 1, 500*time.Millisecond, func() bool { return false }
		}},
		{"copier", "Kill.Command: nil", func(k *Kill) { k.Command = nil }},
		{"copier", "Kill.Done: nil", func(k *Kill) { k.Done = nil }},
		{"copier", "Kill.Kills: -1 is negative", func(k *Kill) { k.Kills = -1 }},
		{"copier", "Kill.Life: -1s is negative", func(k *Kill) { k.Life = -time.Second }},
		{"copier", "no such", func(k *Kill) {
			k.Command = func() *exec.Cmd { return exec.Command(filepath.Join(t.TempDir(), "absent")) }
		}},
	} {
		t.Run(c.want, func(t *testing.T) {
			k, _ := killing(t, c.kind)
			c.change(&k)
			require.ErrorContains(t, k.loop(), c.want)
		})
	}
}

// What a process does with SIGTERM counts only once it can hear it.
func TestKillLoopStop(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the last one is killed here")
	}
	for kind, want := range map[string]string{
		"idle":  "",
		"sulky": "the last process: after SIGTERM: exit status 3; it said:\nnot like this",
		"deaf":  "the last process: has not ended 500ms after SIGTERM",
	} {
		t.Run(kind, func(t *testing.T) {
			k, _ := killing(t, kind)
			k.Kills, k.Life, k.Progress = 1, time.Nanosecond, nil
			if kind == "deaf" {
				k.patience = 500 * time.Millisecond
			}
			k.Done = func() bool {
				entries, err := os.ReadDir(k.Command().Dir)
				require.NoError(t, err)
				return slices.ContainsFunc(entries, func(e os.DirEntry) bool { return e.Name() == "listening" || e.Name() == "deaf" })
			}
			if want == "" {
				require.NoError(t, k.loop())
			} else {
				require.ErrorContains(t, k.loop(), want)
			}
		})
	}
}

func TestEnding(t *testing.T) {
	var e ending
	for range 1000 {
		fmt.Fprintf(&e, "%s\n", strings.Repeat("x", 99))
	}
	fmt.Fprint(&e, "end")
	require.Less(t, len(e.String()), 3*endingSize)
	require.True(t, strings.HasSuffix(e.String(), "x\nend"))
}
