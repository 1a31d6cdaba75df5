package statsd

import (
	"fmt"
	"strings"
)

// A reference is $1, ${1}, or $$ for the sign itself. walk yields what is between
// them as text, and each of them as a number.
func walk(template string, yield func(text string, part int)) error {
	for {
		text, rest, ok := strings.Cut(template, "$")
		if text != "" {
			yield(text, -1)
		}
		if !ok {
			return nil
		}
		if strings.HasPrefix(rest, "$") {
			yield("$", -1)
			template = rest[1:]
			continue
		}
		inner, braced := strings.CutPrefix(rest, "{")
		n := 0
		for n < len(inner) && '0' <= inner[n] && inner[n] <= '9' && n < 4 {
			n++
		}
		after := inner[n:]
		if braced {
			if after, ok = strings.CutPrefix(after, "}"); !ok {
				n = 0
			}
		}
		if n == 0 {
			return fmt.Errorf("%q: a $ that is neither $1 nor ${1} nor $$", "$"+rest)
		}
		part := 0
		for _, c := range inner[:n] {
			part = 10*part + int(c-'0')
		}
		yield("", part)
		template = after
	}
}

// refers says whether template refers to parts that there are.
func refers(template string, parts int) (err error) {
	wrong := walk(template, func(_ string, part int) {
		if part > parts {
			err = fmt.Errorf("%q: there are %d parts, and no $%d", template, parts, part)
		}
	})
	if wrong != nil {
		return wrong
	}
	return err
}

func expand(template string, parts []string) string {
	if strings.IndexByte(template, '$') < 0 {
		return template
	}
	var b strings.Builder
	walk(template, func(text string, part int) {
		if part < 0 {
			b.WriteString(text)
		} else if part < len(parts) {
			b.WriteString(parts[part])
		}
	})
	return b.String()
}
