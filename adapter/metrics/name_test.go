package metrics

import (
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestNamesFollowOpenTelemetrysRules(t *testing.T) {
	for _, c := range []struct {
		name, unit string
		kind       Kind
		want       string
	}{
		{"process.cpu.time", "s", Counter, "process_cpu_time_seconds_total"},
		{"process.memory.usage", "By", UpDownCounter, "process_memory_usage_bytes"},
		{"container.cpu.time", "s", Counter, "container_cpu_time_seconds_total"},
		{"container.memory.working_set", "By", UpDownCounter, "container_memory_working_set_bytes"},
		{"container.cpu.limit", "{cpu}", UpDownCounter, "container_cpu_limit"},
		{"process.thread.count", "{thread}", UpDownCounter, "process_thread_count"},
		{"process.start_time", "s", Gauge, "process_start_time_seconds"},
		{"system.cpu.utilization", "1", Gauge, "system_cpu_utilization_ratio"},
		{"hit.ratio", "1", Gauge, "hit_ratio"},
		{"queue.size", "1", UpDownCounter, "queue_size"},
		{"requests", "1", Counter, "requests_total"},
		{"requests.total", "", Counter, "requests_total"},
		{"io.total", "By", Counter, "io_bytes_total"},
		{"io.bytes.total", "By", Counter, "io_bytes_total"},
		{"total", "", Counter, "total"},
		{"total.requests", "", Counter, "total_requests_total"},
		{"bytes", "By", Gauge, "bytes"},
		{"kilobytes", "By", Gauge, "kilobytes_bytes"},
		{"seconds.before.noon", "s", Gauge, "seconds_before_noon_seconds"}, // the unit is a suffix: opentelemetry-specification#4057
		{"net.io", "By/s", Gauge, "net_io_bytes_per_second"},
		{"net.io", "{packet}/s", Gauge, "net_io_per_second"},
		{"rpm", "{turn}/min", Gauge, "rpm_per_minute"},
		{"odd", "By{a/b}", Gauge, "odd_bytes"},
		{"odd", "m2.x", Gauge, "odd_m2_x"},
		{"odd", "{", Gauge, "odd"},
		{"room", "Cel", Gauge, "room_celsius"},
		{"2xx", "", Gauge, "_2xx"},
		{"2", "", Counter, "_2_total"},
		{"a__b--c ", "", Gauge, "a_b_c"},
		{"Wärme", "", Gauge, "W_rme"},
		{"job:rate", "", Gauge, "job:rate"},
	} {
		require.Equal(t, c.want, promName(Family{Name: c.name, Unit: c.unit, Kind: c.kind}), "%+v", c)
	}
}

func TestLabelNames(t *testing.T) {
	for key, want := range map[string]string{
		"cpu.mode": "cpu_mode", "ok_1": "ok_1", "a__b": "a_b", "__name__": "_name_", "9x": "key_9x", "é": "_", "a.é.b": "a_b", "a:b": "a_b", "a.": "a_",
	} {
		require.Equal(t, want, labelName(key), key)
	}
}

func FuzzNamesAreValid(f *testing.F) {
	f.Add("process.cpu.time", "s", uint8(1), "cpu.mode")
	f.Add("1", "%/m", uint8(0), "9")
	f.Add("::a", "{x}/{y}", uint8(2), "é")
	metric, label := regexp.MustCompile(`^`+nameText+`$`), regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_]*$`)
	f.Fuzz(func(t *testing.T, name, unit string, kind uint8, key string) {
		family := Family{Name: name, Unit: unit, Kind: Kind(kind % 3)}
		var b Batch
		if b.Add(family, Point{[]Attr{{key, "v"}}, Int(1)}); b.Err() != nil {
			return
		}
		derived := promName(family)
		require.Regexp(t, metric, derived)
		require.NotContains(t, derived, "__")
		again := family
		again.Name = derived
		require.Equal(t, derived, promName(again), "a name that is derived stays")
		require.Regexp(t, label, labelName(key))
		require.NotContains(t, labelName(key), "__")
		require.Equal(t, labelName(key), labelName(labelName(key)))
	})
}
