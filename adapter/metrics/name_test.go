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
		{"total", "", Counter, "total_total"},
		{"total.requests", "", Counter, "total_requests_total"},
		{"bytes", "By", Gauge, "bytes"},
		{"kilobytes", "By", Gauge, "kilobytes_bytes"},
		{"a.b_total", "s", Counter, "a_b_seconds_total"},
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
		require.Equal(t, c.want, nameOf(Desc{Name: c.name, Unit: c.unit, Kind: c.kind}).text, "%+v", c)
	}
}

func TestLabelNames(t *testing.T) {
	for key, want := range map[string]string{
		"cpu.mode": "cpu_mode", "ok_1": "ok_1", "a__b": "a__b", "__name__": "_name__", "___": "_", "9x": "_9x", "é": "_", "": "_",
		"a.é.b": "a___b", "a:b": "a_b", "a.": "a_", "\xff": "_",
	} {
		require.Equal(t, want, LabelName(key), key)
	}
}

func TestNamesOfOpenMetrics(t *testing.T) {
	for _, c := range []struct {
		d    Desc
		want familyName
	}{
		{Desc{Name: "process.cpu.time", Unit: "s", Kind: Counter}, familyName{"process_cpu_time_seconds_total", "process_cpu_time_seconds", "seconds"}},
		{Desc{Name: "target", Kind: Info}, familyName{"target_info", "target", ""}},
		{Desc{Name: "build.info", Kind: Info}, familyName{"build_info", "build", ""}},
		{Desc{Name: "bytes", Unit: "By"}, familyName{"bytes", "bytes", ""}},
		{Desc{Name: "a.b", Unit: "1", Kind: Counter}, familyName{"a_b_total", "a_b", ""}},
		{Desc{Name: "odd_Name:x__y_total", Unit: "By", Kind: Counter, Verbatim: true}, familyName{"odd_Name:x__y_total", "odd_Name:x__y", ""}},
		{Desc{Name: "a_bytes_total", Unit: "By", Kind: Counter, Verbatim: true}, familyName{"a_bytes_total", "a_bytes", "bytes"}},
		{Desc{Name: "jobs", Kind: Counter, Verbatim: true}, familyName{"jobs", "jobs", ""}},
	} {
		require.Equal(t, c.want, nameOf(c.d), "%+v", c.d)
	}
}

func FuzzNamesAreValid(f *testing.F) {
	f.Add("process.cpu.time", "s", uint8(1), "cpu.mode")
	f.Add("1", "%/m", uint8(0), "9")
	f.Add("::a", "{x}/{y}", uint8(2), "é")
	metric, label := regexp.MustCompile(`^`+nameForm+`$`), regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_]*$`)
	f.Fuzz(func(t *testing.T, name, unit string, kind uint8, key string) {
		d := Desc{Name: name, Unit: unit, Kind: Kind(kind) % Kind(len(kinds))}
		if (&Family{Desc: d}).check() != nil {
			return
		}
		derived := nameOf(d)
		require.Regexp(t, metric, derived.text)
		require.Regexp(t, metric, derived.base)
		again := d
		again.Name = derived.text
		require.Equal(t, derived, nameOf(again), "a name that is derived stays")
		again.Verbatim = true
		require.Equal(t, derived, nameOf(again), "as one that is verbatim")
		require.Regexp(t, label, LabelName(key))
		require.Equal(t, LabelName(key), LabelName(LabelName(key)))
	})
}
