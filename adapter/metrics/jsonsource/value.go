package jsonsource

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
	"unsafe"

	"github.com/podpatterns/podpatterns/adapter/metrics"
)

// value makes a number of what a rule found.
func (r *rulePlan) value(raw []byte) (v metrics.Value, err error) {
	if r.kind() == metrics.Info {
		return metrics.Int(1), nil
	}
	switch raw[0] {
	case '"':
		v, err = r.ofText(raw)
	case 't':
		v = metrics.Int(1)
	case 'f':
		v = metrics.Int(0)
	case '{':
		err = errors.New("it is an object, want a number")
	case '[':
		err = errors.New("it is an array, want a number")
	default:
		v, err = number(raw)
	}
	if r.Scale != 0 && err == nil {
		v = metrics.Float(v.Float() * r.Scale)
	}
	return v, err
}

func (r *rulePlan) ofText(raw []byte) (metrics.Value, error) {
	text := raw[1 : len(raw)-1]
	if escaped(text) {
		text = []byte(unescape(text))
	}
	if r.enum != nil {
		if v, ok := r.enum[string(text)]; ok {
			return whole(v), nil
		}
		if r.other != nil {
			return whole(*r.other), nil
		}
		return metrics.Value{}, fmt.Errorf("%s is not in the enum", shown(raw))
	}
	text = bytes.TrimSpace(text)
	if r.Units {
		return withUnit(text, r.Unit)
	}
	if v, ok := plainNumber(text); ok {
		return v, nil
	}
	return metrics.Value{}, fmt.Errorf("%s is no number", shown(raw))
}

// whole is v as an integer where it is one.
func whole(v float64) metrics.Value {
	if v == math.Trunc(v) && math.Abs(v) < 1<<53 {
		return metrics.Int(int64(v))
	}
	return metrics.Float(v)
}

// plainNumber reads a string: a number as JSON has them, with a sign or not, or
// one of those that JSON has not.
func plainNumber(text []byte) (metrics.Value, bool) {
	switch string(text) {
	case "NaN", "nan":
		return metrics.Float(math.NaN()), true
	case "Inf", "+Inf", "inf", "+inf", "Infinity":
		return metrics.Float(math.Inf(1)), true
	case "-Inf", "-inf", "-Infinity":
		return metrics.Float(math.Inf(-1)), true
	}
	n := numberEnd(text)
	if n == 0 || n != len(text) {
		return metrics.Value{}, false
	}
	v, err := number(bytes.TrimPrefix(text, []byte("+")))
	return v, err == nil
}

// numberEnd is how much of text is a number.
func numberEnd(text []byte) int {
	i := 0
	if i < len(text) && (text[i] == '-' || text[i] == '+') {
		i++
	}
	digits := 0
	for ; i < len(text) && ('0' <= text[i] && text[i] <= '9' || text[i] == '.'); i++ {
		digits++
	}
	if digits == 0 {
		return 0
	}
	if i+1 < len(text) && text[i]|0x20 == 'e' {
		j := i + 1
		if text[j] == '-' || text[j] == '+' {
			j++
		}
		if j < len(text) && '0' <= text[j] && text[j] <= '9' {
			for i = j; i < len(text) && '0' <= text[i] && text[i] <= '9'; i++ {
			}
		}
	}
	return i
}

var powers = [...]float64{
	1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11,
	1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
}

// number reads one of JSON's. An integer stays one as far as int64 goes. A
// mantissa below 2^53 with up to 22 digits behind its point is exact in one
// division (Clinger 1990); strconv reads the rest.
func number(raw []byte) (metrics.Value, error) {
	var m uint64
	i, negative, point := 0, false, -1
	if i < len(raw) && raw[i] == '-' {
		negative, i = true, 1
	}
	for ; i < len(raw); i++ {
		c := raw[i] - '0'
		if c > 9 {
			if raw[i] != '.' || point >= 0 {
				break
			}
			point = i
			continue
		}
		if m > (math.MaxInt64-9)/10 {
			break
		}
		m = m*10 + uint64(c)
	}
	if i == len(raw) {
		if point < 0 && m <= math.MaxInt64 {
			if negative && m == 0 {
				return metrics.Float(math.Copysign(0, -1)), nil
			}
			if negative {
				return metrics.Int(-int64(m)), nil
			}
			return metrics.Int(int64(m)), nil
		}
		if behind := i - point - 1; m < 1<<53 && behind < len(powers) {
			v := float64(m) / powers[behind]
			if negative {
				v = -v
			}
			return metrics.Float(v), nil
		}
	}
	if n, err := strconv.ParseInt(unsafe.String(unsafe.SliceData(raw), len(raw)), 10, 64); err == nil {
		return metrics.Int(n), nil
	}
	v, err := strconv.ParseFloat(string(raw), 64)
	if err != nil && !math.IsInf(v, 0) {
		return metrics.Value{}, fmt.Errorf("%s is no number", shown(raw))
	}
	if math.IsInf(v, 0) {
		return metrics.Value{}, fmt.Errorf("%s is above what a number can be", shown(raw))
	}
	return metrics.Float(v), nil
}

// plain is a value as text, without quotes and escapes.
func plain(raw []byte) string {
	if len(raw) == 0 || raw[0] != '"' {
		return string(raw)
	}
	if text := raw[1 : len(raw)-1]; !escaped(text) {
		return string(text)
	} else {
		return unescape(text)
	}
}

func escaped(text []byte) bool { return bytes.IndexByte(text, '\\') >= 0 }

var escapes = [256]byte{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

// unescape reads what a scanner found to be right. Half of a surrogate pair is
// no character.
func unescape(text []byte) string {
	out := make([]byte, 0, len(text))
	for i := 0; i < len(text); i++ {
		if text[i] != '\\' {
			out = append(out, text[i])
			continue
		}
		i++
		if text[i] != 'u' {
			out = append(out, escapes[text[i]])
			continue
		}
		r := unit(text[i+1:])
		i += 4
		if utf16.IsSurrogate(r) {
			pair := rune(utf8.RuneError)
			if i+6 < len(text) && text[i+1] == '\\' && text[i+2] == 'u' {
				pair = utf16.DecodeRune(r, unit(text[i+3:]))
			}
			if pair != utf8.RuneError {
				i += 6
			}
			r = pair
		}
		out = utf8.AppendRune(out, r)
	}
	return string(out)
}

func unit(text []byte) rune {
	n, _ := strconv.ParseUint(string(text[:4]), 16, 32)
	return rune(n)
}

// shown is a value in an error.
func shown(raw []byte) string {
	switch raw[0] {
	case '{':
		return "an object"
	case '[':
		return "an array"
	}
	const most = 60
	if len(raw) > most {
		return fmt.Sprintf("%q and so on", raw[:most])
	}
	if raw[0] == '"' {
		return strconv.Quote(plain(raw))
	}
	return string(raw)
}
