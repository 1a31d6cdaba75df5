package prometheus

import (
	"bytes"
	"errors"
	"math"
	"strconv"
	"unsafe"

	"github.com/podpatterns/podpatterns/adapter/metrics"
)

var (
	errNumber = errors.New("no number")
	errTime   = errors.New("no timestamp")
)

// number reads a value. One of up to 18 digits is an integer, so that it stays one.
func number(token []byte) (metrics.Value, error) {
	if n, ok := integer(token); ok {
		return metrics.Int(n), nil
	}
	v, err := float(token)
	return metrics.Float(v), err
}

func float(token []byte) (float64, error) {
	if len(token) == 0 || bytes.ContainsAny(token, "pPxX_") { // what Go has beyond the formats
		return 0, errNumber
	}
	v, err := strconv.ParseFloat(unsafe.String(&token[0], len(token)), 64)
	if err != nil {
		return 0, errNumber
	}
	return v, nil
}

func integer(token []byte) (n int64, ok bool) {
	digits, negative := token, false
	if len(token) > 0 && (token[0] == '-' || token[0] == '+') {
		digits, negative = token[1:], token[0] == '-'
	}
	if len(digits) == 0 || len(digits) > 18 {
		return 0, false
	}
	for _, c := range digits {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = 10*n + int64(c-'0')
	}
	if negative {
		return -n, n != 0 // -0 is a float
	}
	return n, true
}

// millis reads the timestamp of text 0.0.4, in nanoseconds. One beyond their range
// is the last of it.
func millis(token []byte) (int64, error) {
	if len(token) == 0 {
		return 0, errTime
	}
	ms, err := strconv.ParseInt(unsafe.String(&token[0], len(token)), 10, 64)
	if err != nil {
		return 0, errTime
	}
	switch {
	case ms > math.MaxInt64/1_000_000:
		return math.MaxInt64, nil
	case ms < math.MinInt64/1_000_000:
		return math.MinInt64, nil
	}
	return atLeast(ms * 1e6), nil
}

// atLeast makes the epoch itself the nanosecond behind it, because a Time of 0 is
// none.
func atLeast(nanos int64) int64 {
	if nanos == 0 {
		return 1
	}
	return nanos
}

// seconds reads the timestamp of OpenMetrics, exactly where it is written in
// digits. What is below a nanosecond is cut off.
func seconds(token []byte) (int64, error) {
	v, err := float(token)
	if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
		return 0, errTime
	}
	switch {
	case v >= math.MaxInt64/1e9:
		return math.MaxInt64, nil
	case v <= math.MinInt64/1e9:
		return math.MinInt64, nil
	}
	negative := token[0] == '-'
	whole, fraction, _ := bytes.Cut(bytes.TrimLeft(token, "+-"), []byte{'.'})
	whole = bytes.TrimLeft(whole, "0")
	if len(fraction) > 9 {
		fraction = fraction[:9]
	}
	s, ok := integer(whole)
	f, fok := integer(fraction)
	if !ok && len(whole) > 0 || !fok && len(fraction) > 0 || bytes.ContainsAny(token, "eE") {
		return atLeast(int64(math.Round(v * 1e9))), nil
	}
	for range 9 - len(fraction) {
		f *= 10
	}
	if negative {
		s, f = -s, -f
	}
	return atLeast(s*1e9 + f), nil
}
