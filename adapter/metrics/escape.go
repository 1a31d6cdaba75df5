package metrics

import (
	"strings"
	"unicode/utf8"
)

// appendEscaped writes a HELP text, in which OpenMetrics escapes quotes too.
func appendEscaped(out []byte, s string, open bool) []byte {
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "\uFFFD")
	}
	from := 0
	for i := 0; i < len(s); i++ {
		var escaped string
		switch s[i] {
		case '\\':
			escaped = `\\`
		case '\n':
			escaped = `\n`
		case '"':
			if !open {
				continue
			}
			escaped = `\"`
		default:
			continue
		}
		out = append(out, s[from:i]...)
		out = append(out, escaped...)
		from = i + 1
	}
	return append(out, s[from:]...)
}
