// Package jsontext writes strings of JSON (RFC 8259, section 7).
package jsontext

import (
	"encoding/binary"
	"unicode/utf8"
)

const hex = "0123456789abcdef"

// Append appends text as a JSON string. What is not UTF-8 becomes U+FFFD.
func Append[T string | []byte](b []byte, text T) []byte {
	b = append(b, '"')
	b = AppendEscaped(b, []byte(text))
	return append(b, '"')
}

// AppendEscaped is Append without the quotes.
func AppendEscaped(b, text []byte) []byte {
	for {
		n := plain(text)
		b = append(b, text[:n]...)
		if n == len(text) {
			return b
		}
		c := text[n]
		text = text[n+1:]
		switch c {
		case '"', '\\':
			b = append(b, '\\', c)
		case '\n':
			b = append(b, '\\', 'n')
		case '\r':
			b = append(b, '\\', 'r')
		case '\t':
			b = append(b, '\\', 't')
		default:
			if c < utf8.RuneSelf {
				b = append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
			} else {
				b = utf8.AppendRune(b, utf8.RuneError)
			}
		}
	}
}

// plain is how many bytes text begins with that a JSON string can have as they are.
func plain(text []byte) (n int) {
	for n < len(text) {
		if n+8 <= len(text) && plainWord(binary.LittleEndian.Uint64(text[n:])) {
			n += 8
			continue
		}
		switch c := text[n]; {
		case c < ' ' || c == '"' || c == '\\':
			return n
		case c < utf8.RuneSelf:
			n++
		default:
			r, size := utf8.DecodeRune(text[n:])
			if r == utf8.RuneError && size == 1 {
				return n
			}
			n += size
		}
	}
	return n
}

// plainWord is plain for eight bytes of ASCII at once.
func plainWord(w uint64) bool {
	const each, high = 0x0101010101010101, 0x8080808080808080
	quotes, slashes := w^each*'"', w^each*'\\'
	return (w|(w-each*' ')|(quotes-each)|(slashes-each))&high == 0
}
