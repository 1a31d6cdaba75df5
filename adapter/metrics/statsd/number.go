package statsd

import "strconv"

// powers are those of ten that a float64 holds exactly.
var powers = [...]float64{1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18}

// number reads a decimal number, and nothing that is infinite or none. The short
// ones are done at once: a quotient of two exact floats is rounded correctly.
func number(b []byte) (v float64, ok bool) {
	digits := b
	minus := false
	if len(b) > 0 && (b[0] == '-' || b[0] == '+') {
		minus = b[0] == '-'
		digits = b[1:]
	}
	if len(digits) == 0 {
		return 0, false
	}
	if len(digits) > 16 { // so that 15 digits, and the whole number they make, are exact
		return slowNumber(b)
	}
	n, fraction := int64(0), -1
	for i, c := range digits {
		switch d := c - '0'; {
		case d <= 9:
			n = 10*n + int64(d)
		case c == '.' && fraction < 0:
			fraction = len(digits) - 1 - i
		default:
			return slowNumber(b)
		}
	}
	if fraction < 0 && len(digits) == 16 {
		return slowNumber(b)
	}
	v = float64(n)
	if fraction > 0 {
		v /= powers[fraction]
	} else if fraction == 0 && len(digits) == 1 {
		return 0, false // a dot alone
	}
	if minus {
		v = -v
	}
	return v, true
}

// slowNumber leaves out what strconv takes besides: hexadecimals, underscores,
// the words for infinity and for what is no number.
func slowNumber(b []byte) (v float64, ok bool) {
	if len(b) > maxNumber {
		return 0, false
	}
	for _, c := range b {
		if d := c - '0'; d > 9 && c != '.' && c != '-' && c != '+' && c != 'e' && c != 'E' {
			return 0, false
		}
	}
	v, err := strconv.ParseFloat(string(b), 64)
	return v, err == nil
}

// maxNumber is longer than any float64 that a client prints.
const maxNumber = 400
