package redis

import "strings"

// endings are the units that names of fields end with, and what they are in base
// units.
var endings = []struct {
	end, becomes, unit string
	per                float64
}{
	{"_kbps", "_bytes_per_second", "By/s", 1.0 / 1024},
	{"_per_sec", "_per_second", "", 0},
	{"_microseconds", "_seconds", "s", 1e6},
	{"_milliseconds", "_seconds", "s", 1e3},
	{"_usec", "_seconds", "s", 1e6},
	{"_us", "_seconds", "s", 1e6},
	{"_msec", "_seconds", "s", 1e3},
	{"_ms", "_seconds", "s", 1e3},
	{"_in_seconds", "_in_seconds", "s", 0},
	{"_seconds", "_seconds", "s", 0},
	{"_sec", "_seconds", "s", 0},
	{"_perc", "_ratio", "1", 100},
	{"_percent", "_ratio", "1", 100},
	{"_ratio", "_ratio", "1", 0},
	{"_bytes", "_bytes", "By", 0},
	{"_count", "", "", 0}, // histograms end so
	{"_cnt", "", "", 0},
	{"_sum", "_summed", "", 0},
	{"_bucket", "_buckets", "", 0},
	{"_total", "_in_total", "", 0}, // whether it is a counter is not known
	{"_info", "_information", "", 0},
}

// inBaseUnits returns what a field that is not known is called.
func inBaseUnits(name string) (base, unit string, per float64) {
	name = strings.ToLower(strings.NewReplacer(".", "_", "-", "_").Replace(name))
	for _, e := range endings {
		if short, ok := strings.CutSuffix(name, e.end); ok && short != "" {
			return short + e.becomes, e.unit, e.per
		}
	}
	return name, "", 0
}
