package push

import (
	"strings"
	"unicode/utf8"
)

const hex = "0123456789abcdef"

// appendJSON appends text as a JSON string. What is not UTF-8 becomes U+FFFD.
func appendJSON[T ~string | ~[]byte](b []byte, text T) []byte {
	b = append(b, '"')
	plain := 0 // from here on to i nothing needs to be escaped
	for i := 0; i < len(text); {
		c := text[i]
		if c >= ' ' && c < utf8.RuneSelf && c != '"' && c != '\\' {
			i++
			continue
		}
		if c >= utf8.RuneSelf {
			if n := runeLen(text[i:min(i+utf8.UTFMax, len(text))]); n > 0 {
				i += n
				continue
			}
		}
		b = append(b, text[plain:i]...)
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
		i++
		plain = i
	}
	b = append(b, text[plain:]...)
	return append(b, '"')
}

// runeLen is the length of the rune that text begins with, 0 if that is none.
func runeLen[T ~string | ~[]byte](text T) int {
	var short [utf8.UTFMax]byte
	r, n := utf8.DecodeRune(short[:copy(short[:], text)])
	if r == utf8.RuneError && n <= 1 {
		return 0
	}
	return n
}

// appendValid appends text with U+FFFD for each byte that is not UTF-8.
func appendValid(b, text []byte) []byte {
	for len(text) > 0 {
		n := runeLen(text[:min(utf8.UTFMax, len(text))])
		if n == 0 {
			b = utf8.AppendRune(b, utf8.RuneError)
			n = 1
		} else {
			b = append(b, text[:n]...)
		}
		text = text[n:]
	}
	return b
}

// valid is text with U+FFFD for what is not UTF-8.
func valid(text string) string { return strings.ToValidUTF8(text, string(utf8.RuneError)) }
