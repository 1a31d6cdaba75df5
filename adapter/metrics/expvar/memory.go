package expvar

import (
	"encoding/json"
	"time"

	"github.com/podpatterns/podpatterns/adapter/metrics"
)

// memory are the fields of runtime.MemStats, by the names that Prometheus has.
var memory = []struct {
	field, name, unit string
	kind              metrics.Kind
	per               float64 // how many of the field are one of the metric; 0: one
	help              string
}{
	{"Alloc", "alloc_bytes", "By", metrics.Gauge, 0, "Bytes of heap objects."},
	{"TotalAlloc", "alloc_bytes_total", "By", metrics.Counter, 0, "Bytes that were allocated for heap objects."},
	{"Sys", "sys_bytes", "By", metrics.Gauge, 0, "Bytes obtained from the system."},
	{"Mallocs", "mallocs_total", "", metrics.Counter, 0, "Heap objects that were allocated."},
	{"Frees", "frees_total", "", metrics.Counter, 0, "Heap objects that were freed."},
	{"HeapAlloc", "heap_alloc_bytes", "By", metrics.Gauge, 0, "Bytes of heap objects."},
	{"HeapSys", "heap_sys_bytes", "By", metrics.Gauge, 0, "Bytes of the heap obtained from the system."},
	{"HeapIdle", "heap_idle_bytes", "By", metrics.Gauge, 0, "Bytes of the heap that are not in use."},
	{"HeapInuse", "heap_inuse_bytes", "By", metrics.Gauge, 0, "Bytes of the heap that are in use."},
	{"HeapReleased", "heap_released_bytes", "By", metrics.Gauge, 0, "Bytes of the heap that were given back to the system."},
	{"HeapObjects", "heap_objects", "", metrics.Gauge, 0, "Heap objects."},
	{"StackInuse", "stack_inuse_bytes", "By", metrics.Gauge, 0, "Bytes of stacks in use."},
	{"StackSys", "stack_sys_bytes", "By", metrics.Gauge, 0, "Bytes of stacks obtained from the system."},
	{"MSpanInuse", "mspan_inuse_bytes", "By", metrics.Gauge, 0, "Bytes of mspan structures in use."},
	{"MSpanSys", "mspan_sys_bytes", "By", metrics.Gauge, 0, "Bytes of mspan structures obtained from the system."},
	{"MCacheInuse", "mcache_inuse_bytes", "By", metrics.Gauge, 0, "Bytes of mcache structures in use."},
	{"MCacheSys", "mcache_sys_bytes", "By", metrics.Gauge, 0, "Bytes of mcache structures obtained from the system."},
	{"BuckHashSys", "buck_hash_sys_bytes", "By", metrics.Gauge, 0, "Bytes of the tables for profiles."},
	{"GCSys", "gc_sys_bytes", "By", metrics.Gauge, 0, "Bytes of what the collector of garbage keeps."},
	{"OtherSys", "other_sys_bytes", "By", metrics.Gauge, 0, "Bytes obtained from the system for anything else."},
	{"NextGC", "next_gc_bytes", "By", metrics.Gauge, 0, "Bytes of heap at which garbage is collected next."},
	{"LastGC", "last_gc_time_seconds", "s", metrics.Gauge, 1e9, "When garbage was last collected, in Unix time."},
	{"GCCPUFraction", "gc_cpu_fraction", "1", metrics.Gauge, 0, "The share of the CPU time that collecting garbage took."},
}

// memory reads the numbers of memstats, and passes over its arrays.
func (r *reading) memory() error {
	t, err := r.Token()
	if err != nil {
		return cutOff(err)
	}
	if t != json.Delim('{') {
		r.unread++
		if t == json.Delim('[') {
			return r.rest(2)
		}
		return nil
	}
	return r.object(2, func(name string, _ int) error {
		if name == "PauseNs" || name == "PauseEnd" || name == "BySize" {
			return r.skip()
		}
		t, err := r.Token()
		if err != nil {
			return cutOff(err)
		}
		switch t := t.(type) {
		case json.Delim:
			r.unread++
			return r.rest(3)
		case json.Number:
			if v, err := t.Float64(); err == nil {
				r.mem[name] = v
			}
		}
		return nil
	})
}

// addMemory adds what there was of memstats.
func (s *Source) addMemory(b *metrics.Batch, mem map[string]float64, now time.Time) {
	mallocs := mem["Mallocs"]
	if mallocs < s.mallocs {
		s.since = s.last
	}
	s.mallocs, s.last = mallocs, now.UnixNano()
	for _, m := range memory {
		v, ok := mem[m.field]
		if !ok {
			continue
		}
		if m.per != 0 {
			v /= m.per
		}
		p := b.Family(metrics.Desc{Name: "go_memstats_" + m.name, Unit: m.unit, Kind: m.kind, Help: m.help, Verbatim: true}).Add(nil, value(v))
		if m.kind == metrics.Counter {
			p.Start = s.since
		}
	}
	pauses, ok := mem["PauseTotalNs"]
	count, counted := mem["NumGC"]
	if ok && counted && count >= 0 && count < 1<<63 {
		q := b.NewQuantiles()
		q.Count, q.Sum = uint64(count), pauses/1e9
		p := b.Family(metrics.Desc{
			Name: "go_gc_duration_seconds", Unit: "s", Kind: metrics.Summary, Verbatim: true,
			Help: "How long the program was stopped to collect garbage.",
		}).Add(nil, metrics.Value{})
		p.Quantiles, p.Start = q, s.since
	}
}

// value is an integer if that is exact.
func value(v float64) metrics.Value {
	if n := int64(v); v > -1<<53 && v < 1<<53 && float64(n) == v {
		return metrics.Int(n)
	}
	return metrics.Float(v)
}
