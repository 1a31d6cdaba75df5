package httpproxy

// Sets of octets, by the grammar of RFC 9110 and RFC 3986.
const (
	inToken  = 1 << iota // tchar, RFC 9110, 5.6.2
	inValue              // field-vchar, SP and HTAB, with obs-text
	inTarget             // what a request target may have, with obs-text as it is
	inHost               // uri-host and port, RFC 3986, 3.2.2
)

var chars = func() (set [256]byte) {
	for c := range 256 {
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
		if letter {
			set[c] |= inToken | inHost
		}
		if c == '\t' || c >= ' ' && c != 0x7f {
			set[c] |= inValue
		}
		if c > ' ' && c != 0x7f && c != '#' {
			set[c] |= inTarget
		}
	}
	for _, c := range "!#$%&'*+-.^_`|~" {
		set[c] |= inToken
	}
	for _, c := range "-._~!$&'()*+,;=%:[]" {
		set[c] |= inHost
	}
	return set
}()

// all tells whether each octet of s is in the set.
func all(s string, set byte) bool {
	for i := range len(s) {
		if chars[s[i]]&set == 0 {
			return false
		}
	}
	return true
}

func isToken(s string) bool { return s != "" && all(s, inToken) }
