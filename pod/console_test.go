package pod

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var noon = time.Date(2026, 1, 2, 12, 0, 0, 7e6, time.UTC)

func shown(c *console, events ...Event) string {
	var b bytes.Buffer
	c.w = &b
	for _, e := range events {
		e.Time = noon
		c.show(e)
	}
	return b.String()
}

func TestConsoleAligns(t *testing.T) {
	require.Equal(t, `12:00:00.007  logs        Started              container started
12:00:00.007  pod         Killing
12:00:00.007  logs        ExceededGracePeriod  did not stop within 30s
12:00:00.007  a-very-long-name  Started              container started
12:00:00.007  logs              Error                exit code 2: panic: boom
              goroutine 7 [running]:
              	main.go:1
`, strings.ReplaceAll(shown(&console{width: 10},
		Event{Container: "logs", Reason: ReasonStarted, Message: "container started"},
		Event{Reason: ReasonKilling},
		Event{Container: "logs", Type: Warning, Reason: ReasonExceededGracePeriod, Message: "did not stop within 30s"},
		Event{Container: "a-very-long-name", Reason: ReasonStarted, Message: "container started"},
		Event{Container: "logs", Reason: ReasonError, Message: "exit code 2: panic: boom\n\ngoroutine 7 [running]:\n\tmain.go:1\n"},
	), "\r", ""))
}

func TestConsoleColours(t *testing.T) {
	c := &console{colours: true, width: 4}
	require.Equal(t, "\x1b[2m12:00:00.007\x1b[0m  \x1b[36mlogs\x1b[0m  \x1b[32mStarted            \x1b[0m  up\n",
		shown(c, Event{Container: "logs", Type: Normal, Reason: ReasonStarted, Message: "up"}))
	require.Equal(t, "\x1b[2m12:00:00.007\x1b[0m  \x1b[36mlogs\x1b[0m  \x1b[1;33mError              \x1b[0m  \x1b[1;33mboom\x1b[0m\n"+indent+"\x1b[1;33mmore\x1b[0m\n",
		shown(c, Event{Container: "logs", Type: Warning, Reason: ReasonError, Message: "boom\nmore"}))
}

func TestConsoleShowsControlCharacters(t *testing.T) {
	for message, is := range map[string]string{
		"clear \x1b[2J":     `clear \x1b[2J`,
		"bell \a and \r":    `bell \x07 and \x0d`,
		"C1 \u009b2J":       `C1 \x9b2J`,
		"raw \x9b2J":        "raw \uFFFD2J",
		"tab\tand ünïcode ": "tab\tand ünïcode ",
	} {
		for _, colours := range []bool{false, true} {
			require.Contains(t, shown(&console{colours: colours}, Event{Message: message}), is)
		}
	}
}

func TestColourIsForTerminals(t *testing.T) {
	terminal, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0) // passes for one, where no terminal is at hand
	require.NoError(t, err)
	defer terminal.Close()
	file, err := os.Create(t.TempDir() + "/out")
	require.NoError(t, err)
	defer file.Close()
	t.Setenv("TERM", "xterm")
	t.Setenv("NO_COLOR", "")
	require.Equal(t, isTerminal(terminal), wantsColour(terminal))
	require.False(t, wantsColour(file))
	require.False(t, wantsColour(&bytes.Buffer{}))
	t.Setenv("TERM", "dumb")
	require.False(t, wantsColour(terminal))
	t.Setenv("TERM", "xterm")
	t.Setenv("NO_COLOR", "1")
	require.False(t, wantsColour(terminal))
}
