package pod

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"unicode"
)

// Console returns an observer that shows events to people, as a program's output
// under go run: a line each with the time, the container, the reason and the
// message, of which further lines are indented. The container's column widens with
// the first longer name.
//
// On a terminal it is coloured, Warning events in another colour, unless NO_COLOR
// is set or TERM is dumb. Control characters are shown as escapes, so that no
// message can move the cursor. What w refuses is lost.
func Console(w io.Writer) func(Event) {
	c := &console{w: w, colours: wantsColour(w), width: 10}
	return c.show
}

type console struct {
	w       io.Writer
	colours bool

	mu    sync.Mutex // it may be the observer of several pods
	width int        // of the container's column
}

// A colour is what a terminal is sent before a text.
type colour string

const (
	dim    colour = "\x1b[2m"
	cyan   colour = "\x1b[36m"
	green  colour = "\x1b[32m"
	yellow colour = "\x1b[1;33m"
	plain  colour = ""

	resetColour = "\x1b[0m"
	reasonWidth = len(ReasonExceededGracePeriod)
	indent      = "              " // as wide as the time and its gap
)

func (c *console) show(e Event) {
	c.mu.Lock()
	defer c.mu.Unlock()
	who := e.Container
	if who == "" {
		who = "pod"
	}
	c.width = max(c.width, len(who))
	reason, message := green, plain
	if e.Type == Warning {
		reason, message = yellow, yellow
	}
	first, more, _ := strings.Cut(strings.TrimRight(e.Message, "\n"), "\n")
	line := c.in(dim, e.Time.Format("15:04:05.000")) + "  " + c.in(cyan, fmt.Sprintf("%-*s", c.width, who)) + "  "
	if first == "" {
		line += c.in(reason, e.Reason)
	} else {
		line += c.in(reason, fmt.Sprintf("%-*s", reasonWidth, e.Reason)) + "  " + c.in(message, first)
	}
	for text := range strings.SplitSeq(more, "\n") {
		if text != "" {
			line += "\n" + indent + c.in(message, text)
		}
	}
	io.WriteString(c.w, line+"\n")
}

// in is a text in a colour, where there are any.
func (c *console) in(colour colour, text string) string {
	text = visible(text)
	if !c.colours || colour == plain || text == "" {
		return text
	}
	return string(colour) + text + resetColour
}

// visible shows control characters as escapes, all but the tabs of stacks.
func visible(text string) string {
	text = strings.ToValidUTF8(text, "\uFFFD") // a lone byte can be a control character, too
	control := func(r rune) bool { return r != '\t' && unicode.IsControl(r) }
	if !strings.ContainsFunc(text, control) {
		return text
	}
	var b strings.Builder
	for _, r := range text {
		if control(r) {
			fmt.Fprintf(&b, `\x%02x`, r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// wantsColour follows no-color.org and the habit of TERM.
func wantsColour(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" && isTerminal(f)
}
