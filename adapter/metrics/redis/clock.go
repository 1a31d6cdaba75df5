package redis

import (
	"bytes"
	"time"
)

// A clock tells since when counters count.
type clock struct {
	started  int64 // in Unix nanoseconds; 0: not known
	counters int64 // the same, or when CONFIG RESETSTAT was

	server   string // which run of the server it is, by its run_id
	commands int64
	last     int64 // when it was looked at last
}

// tolerance is how far two answers about one start lie apart, as both the time
// and the uptime come in seconds.
const tolerance = int64(2 * time.Second)

// look reads of INFO's text what it needs.
func (c *clock) look(text []byte, now time.Time) {
	server := string(find(text, "run_id"))
	uptime, haveUptime := integer(find(text, "uptime_in_seconds"))
	commands, haveCommands := integer(find(text, "total_commands_processed"))
	started := int64(0)
	if haveUptime && uptime >= 0 && uptime < 1<<32 {
		started = (now.Unix() - uptime) * 1e9
		if usec, ok := integer(find(text, "server_time_usec")); ok && usec > 0 && usec < 1<<53 {
			started = (usec/1e6 - uptime) * 1e9
		}
	}
	again := server != c.server || (started == 0) != (c.started == 0) || started-c.started > tolerance || c.started-started > tolerance
	switch {
	case again:
		c.started, c.counters = started, started
	case haveCommands && commands < c.commands:
		c.counters = c.last
	}
	c.server, c.last = server, now.UnixNano()
	if haveCommands {
		c.commands = commands
	}
}

// find returns the value of a field that is there at most once.
func find(text []byte, name string) []byte {
	for from := 0; ; {
		i := bytes.Index(text[from:], []byte(name))
		if i < 0 {
			return nil
		}
		at := from + i
		from = at + len(name)
		if (at == 0 || text[at-1] == '\n') && from < len(text) && text[from] == ':' {
			line, _, _ := bytes.Cut(text[from+1:], []byte("\n"))
			return bytes.TrimSuffix(line, []byte("\r"))
		}
	}
}
