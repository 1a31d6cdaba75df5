package httpproxy

import "strings"

// parseResponse parses the whole head of a response. Origin servers that end lines
// with LF alone are many, and the proxy writes CRLF.
func (h *head) parseResponse(s string) error {
	line, rest, err := cutLine(s, true)
	if err != nil {
		return err
	}
	version, after, _ := strings.Cut(line, " ")
	if h.minor, err = parseVersion(version); err != nil {
		return err
	}
	code, reason, _ := strings.Cut(after, " ")
	if len(code) != 3 || code[0] < '1' || !digit(code[0]) || !digit(code[1]) || !digit(code[2]) {
		return bad(502, "status %.40q is not three digits", code)
	}
	if !all(reason, inValue) {
		return bad(502, "the reason has a control character")
	}
	h.status = int(code[0]-'0')*100 + int(code[1]-'0')*10 + int(code[2]-'0')
	h.reason = reason
	h.fields, err = parseFields(h.fields[:0], rest, true)
	return err
}
