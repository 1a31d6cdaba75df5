package statsd

import (
	"bytes"
	"strconv"
)

// Levels of events and of service checks are the values of the label of each.
var (
	eventTypes  = [...]string{"info", "warning", "error", "success"}
	checkStates = [...]string{"ok", "warning", "critical", "unknown"}
)

// readEvent reads _e{<bytes of title>,<bytes of text>}:<title>|<text>|d:…|h:…|
// k:…|p:…|s:…|t:<alert type>|#tags, and tells the index of its type.
func readEvent(line []byte) (kind int, ok bool) {
	sizes, rest, ok := bytes.Cut(line[len("_e{"):], []byte("}:"))
	if !ok {
		return 0, false
	}
	first, second, _ := bytes.Cut(sizes, []byte{','})
	title, err := strconv.ParseUint(string(first), 10, 32)
	if err != nil || title == 0 {
		return 0, false
	}
	text, err := strconv.ParseUint(string(second), 10, 32)
	if err != nil || uint64(len(rest)) < title+1+text || rest[title] != '|' {
		return 0, false
	}
	return fields(rest[title+1+text:], "dhkpstc", 't', eventTypes[:])
}

// readCheck reads _sc|<name>|<status>|d:…|h:…|#tags|m:<message>, and tells the
// status.
func readCheck(line []byte) (state int, ok bool) {
	name, rest, ok := bytes.Cut(line[len("_sc|"):], []byte{'|'})
	if !ok || len(name) == 0 || len(rest) == 0 {
		return 0, false
	}
	state = int(rest[0] - '0')
	if state >= len(checkStates) {
		return 0, false
	}
	_, ok = fields(rest[1:], "dhmc", 0, nil)
	return state, ok
}

// fields reads |k:value and |#tags, and finds in values what the field wanted
// says. The message m takes all that is left.
func fields(rest []byte, keys string, wanted byte, values []string) (found int, ok bool) {
	for len(rest) > 0 {
		if rest[0] != '|' {
			return 0, false
		}
		section := rest[1:]
		if i := bytes.IndexByte(section, '|'); i >= 0 && !bytes.HasPrefix(section, []byte("m:")) {
			section = section[:i]
		}
		rest = rest[1+len(section):]
		switch {
		case len(section) > 0 && section[0] == '#', bytes.HasPrefix(section, []byte("e:")), bytes.HasPrefix(section, []byte("card:")):
			continue
		case len(section) < 2 || section[1] != ':' || !bytes.Contains([]byte(keys), section[:1]):
			return 0, false
		case section[0] == wanted:
			if found = indexOf(values, section[2:]); found < 0 {
				return 0, false
			}
		}
	}
	return found, true
}

func indexOf(values []string, text []byte) int {
	for i, v := range values {
		if v == string(text) {
			return i
		}
	}
	return -1
}
