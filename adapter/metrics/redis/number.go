package redis

import (
	"bytes"
	"math"
	"strconv"

	"github.com/podpatterns/podpatterns/adapter/metrics"
)

func integer(text []byte) (int64, bool) {
	n, err := strconv.ParseInt(string(text), 10, 64)
	return n, err == nil
}

// number reads what Redis prints by %lld, %llu or %f, a percent sign after it or
// not. It is divided by per, if that is not 0.
func number(text []byte, per float64) (metrics.Value, bool) {
	text = bytes.TrimSuffix(text, []byte("%"))
	if bytes.IndexByte(text, '.') < 0 { // an error of ParseInt costs memory
		if n, ok := integer(text); ok {
			if per == 0 {
				return metrics.Int(n), true
			}
			return metrics.Float(float64(n) / per), true
		}
	}
	switch string(text) {
	case "nan", "-nan":
		return metrics.Float(math.NaN()), true
	case "inf", "+inf":
		return metrics.Float(math.Inf(1)), true
	case "-inf":
		return metrics.Float(math.Inf(-1)), true
	}
	for _, c := range text { // ParseFloat knows more than Redis prints
		if (c < '0' || c > '9') && c != '.' && c != '-' && c != '+' && c != 'e' {
			return metrics.Value{}, false
		}
	}
	v, err := strconv.ParseFloat(string(text), 64)
	if err != nil {
		return metrics.Value{}, false
	}
	if per != 0 {
		v /= per
	}
	return metrics.Float(v), true
}
