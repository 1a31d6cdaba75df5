package pod

import (
	"fmt"
	"strings"
	"time"
)

// String is the status in the form of kubectl describe pod.
func (s Status) String() string {
	var b strings.Builder
	field(&b, 0, "Name", s.Name)
	field(&b, 0, "Status", string(s.Phase))
	if s.Reason != "" {
		field(&b, 0, "Reason", s.Reason)
		field(&b, 0, "Message", s.Message)
	}
	if !s.StartTime.IsZero() {
		field(&b, 0, "Start Time", s.StartTime.Format(time.RFC1123Z))
	}
	if s.Dir != "" {
		field(&b, 0, "Directory", s.Dir)
	}
	if s.StatusAddress != "" {
		field(&b, 0, "Status Address", s.StatusAddress)
	}
	for _, section := range []struct {
		title string
		of    func(Kind) bool
	}{
		{"Init Containers", func(k Kind) bool { return k == KindInit }},
		{"Helpers", func(k Kind) bool { return k != KindInit && k != KindMain }},
		{"Containers", func(k Kind) bool { return k == KindMain }},
	} {
		title := section.title + ":\n"
		for _, c := range s.Containers {
			if section.of(c.Kind) {
				b.WriteString(title)
				title = ""
				c.describe(&b)
			}
		}
	}
	b.WriteString("Conditions:\n")
	fmt.Fprintf(&b, "  %-18s%s\n", "Type", "Status")
	for _, c := range s.Conditions {
		line := fmt.Sprintf("  %-18s%-7s%s", c.Type, c.Status, c.Reason)
		if c.Message != "" {
			line += ": " + c.Message
		}
		fmt.Fprintln(&b, strings.TrimRight(line, " "))
	}
	if s.EventsDropped > 0 {
		field(&b, 0, "Events Dropped", fmt.Sprint(s.EventsDropped))
	}
	return b.String()
}

func (c ContainerStatus) describe(b *strings.Builder) {
	fmt.Fprintf(b, "  %s:\n", c.Name)
	field(b, 4, "Kind", string(c.Kind))
	if c.Address != "" {
		field(b, 4, "Address", c.Address)
	}
	c.State.describe(b, "State")
	if c.LastState != (State{}) {
		c.LastState.describe(b, "Last State")
	}
	field(b, 4, "Ready", yes(c.Ready))
	field(b, 4, "Restart Count", fmt.Sprint(c.RestartCount))
}

func (s State) describe(b *strings.Builder, name string) {
	switch {
	case s.Waiting != nil:
		field(b, 4, name, "Waiting")
		field(b, 6, "Reason", s.Waiting.Reason)
		if s.Waiting.Message != "" {
			field(b, 6, "Message", s.Waiting.Message)
		}
	case s.Running != nil:
		field(b, 4, name, "Running")
		field(b, 6, "Started", s.Running.StartedAt.Format(time.RFC1123Z))
	case s.Terminated != nil:
		t := s.Terminated
		field(b, 4, name, "Terminated")
		field(b, 6, "Reason", t.Reason)
		if t.Message != "" {
			field(b, 6, "Message", t.Message)
		}
		field(b, 6, "Exit Code", fmt.Sprint(t.ExitCode))
		if !t.StartedAt.IsZero() {
			field(b, 6, "Started", t.StartedAt.Format(time.RFC1123Z))
		}
		field(b, 6, "Finished", t.FinishedAt.Format(time.RFC1123Z))
	}
}

const column = 20 // where values begin

// field writes a line; a value of several lines goes on in its column.
func field(b *strings.Builder, indent int, name, value string) {
	pad := strings.Repeat(" ", column)
	value = strings.ReplaceAll(strings.TrimRight(value, "\n"), "\n", "\n"+pad)
	fmt.Fprintf(b, "%*s%-*s%s\n", indent, "", column-indent, name+":", value)
}

func yes(b bool) string {
	if b {
		return "True"
	}
	return "False"
}
