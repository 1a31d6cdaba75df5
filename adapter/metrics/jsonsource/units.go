package jsonsource

import (
	"bytes"
	"fmt"
	"math"
	"time"

	"github.com/podpatterns/podpatterns/adapter/metrics"
)

// suffixes are what may follow a number, and what it is in the unit.
var suffixes = map[string]map[string]float64{
	"s": {
		"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1, "sec": 1, "secs": 1, "second": 1, "seconds": 1,
		"m": 60, "min": 60, "mins": 60, "minute": 60, "minutes": 60, "h": 3600, "hour": 3600, "hours": 3600,
		"d": 86400, "day": 86400, "days": 86400, "w": 604800, "week": 604800, "weeks": 604800,
	},
	"By": {
		"B": 1, "byte": 1, "bytes": 1, "k": 1e3, "kB": 1e3, "KB": 1e3, "K": 1e3, "M": 1e6, "MB": 1e6, "G": 1e9, "GB": 1e9, "T": 1e12, "TB": 1e12,
		"P": 1e15, "PB": 1e15, "Ki": 1 << 10, "KiB": 1 << 10, "Mi": 1 << 20, "MiB": 1 << 20, "Gi": 1 << 30, "GiB": 1 << 30,
		"Ti": 1 << 40, "TiB": 1 << 40, "Pi": 1 << 50, "PiB": 1 << 50,
	},
	"1": {"%": 0.01},
	"": {
		"n": 1e-9, "u": 1e-6, "m": 1e-3, "k": 1e3, "K": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15,
		"Ki": 1 << 10, "Mi": 1 << 20, "Gi": 1 << 30, "Ti": 1 << 40, "Pi": 1 << 50,
	},
}

// withUnit reads a number and what it counts. A duration may have several.
func withUnit(text []byte, unit string) (metrics.Value, error) {
	if v, ok := plainNumber(text); ok {
		return v, nil
	}
	known, ok := suffixes[unit]
	if !ok {
		known = suffixes[""]
	}
	if unit == "s" && len(text) > 10 && text[4] == '-' {
		if t, err := time.Parse(time.RFC3339Nano, string(text)); err == nil {
			return unixSeconds(t), nil
		}
	}
	var sum float64
	sign := 1.0
	rest := text
	for first := true; first || len(rest) > 0; first = false {
		n := numberEnd(rest)
		if n == 0 || !first && (unit != "s" || rest[0] == '-') {
			return metrics.Value{}, noUnit(text, unit)
		}
		v, ok := plainNumber(rest[:n])
		if !ok {
			return metrics.Value{}, noUnit(text, unit)
		}
		if first && rest[0] == '-' {
			sign = -1
		}
		rest = bytes.TrimLeft(rest[n:], " ")
		end := bytes.IndexFunc(rest, func(r rune) bool { return r == ' ' || r == '-' || r == '+' || '0' <= r && r <= '9' })
		if end < 0 {
			end = len(rest)
		}
		by, ok := known[string(rest[:end])]
		if !ok {
			return metrics.Value{}, noUnit(text, unit)
		}
		sum += math.Abs(v.Float()) * by
		rest = bytes.TrimLeft(rest[end:], " ")
	}
	return whole(sign * sum), nil
}

// unixSeconds is a time in Unix seconds.
func unixSeconds(t time.Time) metrics.Value {
	if t.Nanosecond() == 0 {
		return metrics.Int(t.Unix())
	}
	return metrics.Float(float64(t.Unix()) + float64(t.Nanosecond())/1e9)
}

func noUnit(text []byte, unit string) error {
	const most = 60
	if len(text) > most {
		text = text[:most]
	}
	if unit == "" {
		return fmt.Errorf("%q is no number", text)
	}
	return fmt.Errorf("%q is no number with a unit that %q can be made of", text, unit)
}
