package redis

import (
	"bytes"
	"iter"
	"strings"

	"github.com/podpatterns/podpatterns/adapter/metrics"
)

// pairs say what becomes of the keys of key=value,key=value.
type pairs struct {
	prefix string // of the field's name
	digits bool   // and nothing but digits follows
	label  string // whose value is what follows; empty: texts are
	whole  bool   // the label has the prefix too, as db0
	name   string // what metrics of keys that are not known begin with
	keys   map[string]meaning
	texts  map[string]string // labels by keys
}

var allPairs = []*pairs{
	{prefix: "cmdstat_", label: "cmd", name: "commands_", keys: map[string]meaning{
		"calls":          {name: "commands_total", kind: metrics.Counter},
		"usec":           {name: "commands_duration_seconds_total", kind: metrics.Counter, unit: "s", per: 1e6},
		"rejected_calls": {name: "commands_rejected_calls_total", kind: metrics.Counter},
		"failed_calls":   {name: "commands_failed_calls_total", kind: metrics.Counter},
		"usec_per_call":  {},
	}},
	{prefix: "errorstat_", label: "err", name: "errors_", keys: map[string]meaning{
		"count": {name: "errors_total", kind: metrics.Counter},
	}},
	{prefix: "db", digits: true, label: "db", whole: true, name: "db_", keys: map[string]meaning{
		"keys":    {name: "db_keys", kind: metrics.Gauge},
		"expires": {name: "db_keys_expiring", kind: metrics.Gauge},
		"avg_ttl": {name: "db_avg_ttl_seconds", kind: metrics.Gauge, unit: "s", per: 1e3},
	}},
	{prefix: "slave", digits: true, name: "connected_slave_", keys: map[string]meaning{
		"offset": {name: "connected_slave_offset_bytes", kind: metrics.Gauge, unit: "By"},
		"lag":    {name: "connected_slave_lag_seconds", kind: metrics.Gauge, unit: "s"},
	}, texts: map[string]string{"ip": "slave_ip", "port": "slave_port", "state": "slave_state"}},
	{prefix: "master", digits: true, name: "sentinel_master_", keys: map[string]meaning{
		"slaves":    {name: "sentinel_master_slaves", kind: metrics.Gauge},
		"sentinels": {name: "sentinel_master_sentinels", kind: metrics.Gauge},
	}, texts: map[string]string{"name": "master_name", "address": "master_address", "status": "master_status"}},
}

const latency = "latency_percentiles_usec_"

// decidePairs returns nil for a name of no such field.
func (r *reader) decidePairs(name string) *field {
	if cmd, ok := strings.CutPrefix(name, latency); ok && cmd != "" {
		f := &field{read: readLatency, labels: metrics.NewLabels("cmd", cmd), cmd: r.tally(cmd)}
		f.family = r.named("latency_percentiles_seconds", metrics.Summary, "s", "How long calls of a command take.")
		return f
	}
	for _, p := range allPairs {
		rest, ok := strings.CutPrefix(name, p.prefix)
		if !ok || rest == "" || p.digits && strings.Trim(rest, "0123456789") != "" {
			continue
		}
		f := &field{read: readPairs, pair: p, name: p.name, keys: map[string]*field{}}
		if p == allPairs[0] {
			f.cmd = r.tally(rest)
		}
		if p.whole {
			rest = name
		}
		if p.label != "" {
			f.labels = metrics.NewLabels(p.label, rest)
		} else {
			f.read = readTexts
		}
		return f
	}
	return nil
}

// readPairs has each number as a point with the field's labels.
func readPairs(r *reader, f *field, value []byte) bool {
	found := false
	for key, v := range eachPair(value) {
		if r.points > maxValues {
			return false
		}
		k := f.keys[string(key)]
		if k == nil {
			if k = r.learnKey(f, string(key)); k == nil {
				continue
			}
		}
		if k.family == nil { // passed over
			continue
		}
		n, ok := number(v, k.per)
		if !ok {
			continue
		}
		r.add(k.family, f.labels, n)
		found = true
		if f.cmd != nil {
			f.cmd.note(r.run, k, n)
		}
	}
	return found
}

// A tally is what cmdstat_ tells of a command, for the summary of its latency.
type tally struct {
	run   uint64
	calls uint64
	sum   float64 // in seconds
}

// A summary gets its count and sum when all is read, wherever those stood.
type summary struct {
	*metrics.Quantiles
	*tally
}

func (r *reader) tally(cmd string) *tally {
	t := r.tallies[cmd]
	if t == nil {
		t = new(tally)
		r.tallies[cmd] = t
	}
	return t
}

// note keeps the sum and the count of a command.
func (t *tally) note(run uint64, k *field, n metrics.Value) {
	t.run = run
	switch k.name {
	case "calls":
		t.calls = uint64(max(n.Float(), 0))
	case "usec":
		t.sum = n.Float()
	}
}

// learnKey returns nil for what is no name, or too much.
func (r *reader) learnKey(f *field, key string) *field {
	if len(key) > maxName || !metricWord(key) {
		return nil
	}
	if r.size > maxValues {
		return nil
	}
	r.size++
	m, ok := f.pair.keys[key]
	k := &field{name: key, per: m.per}
	switch {
	case ok && m.name != "":
		k.family = r.named(m.name, m.kind, m.unit, helpOf(f.pair.prefix+"…:"+key))
	case !ok && f.pair.texts[key] == "":
		base, unit, per := inBaseUnits(f.name + key)
		k.family, k.per = r.named(base, metrics.Unknown, unit, helpOf(f.name+key)), per
	}
	f.keys[key] = k
	return k
}

// readTexts is readPairs where texts of the same line are the labels.
func readTexts(r *reader, f *field, value []byte) bool {
	var all []metrics.Label
	status := ""
	for key, v := range eachPair(value) {
		label := f.pair.texts[string(key)]
		if label == "" {
			continue
		}
		v := string(v[:min(len(v), maxText)])
		if label == "master_status" {
			status = v
			continue
		}
		all = append(all, metrics.Label{Name: label, Value: v})
	}
	f.labels = metrics.LabelsOf(all)
	if status != "" {
		l := metrics.LabelsOf(append(all, metrics.Label{Name: "master_status", Value: status}))
		r.add(r.named("sentinel_master_status", metrics.Gauge, "", "1 for the status that Sentinel gives a master."), l, metrics.Int(1))
	}
	return readPairs(r, f, value) || status != ""
}

// readLatency is for p50=2.007,p99.9=3.5 in microseconds.
func readLatency(r *reader, f *field, value []byte) bool {
	q := r.b.NewQuantiles()
	for key, v := range eachPair(value) {
		of, ok := quantile(key)
		n, isNumber := number(v, 1e6)
		sorted := len(q.Quantiles) == 0 || q.Quantiles[len(q.Quantiles)-1].Q < of
		if !ok || !isNumber || !sorted || !(of >= 0 && of <= 1) || len(q.Quantiles) == 100 {
			return false
		}
		q.Quantiles = append(q.Quantiles, metrics.Quantile{Q: of, Value: n.Float()})
	}
	if len(q.Quantiles) == 0 {
		return false
	}
	r.add(f.family, f.labels, metrics.Value{}).Quantiles = q
	r.summaries = append(r.summaries, summary{q, f.cmd})
	return true
}

// quantile reads p99.9 as 0.999. Divided by 100 it would be 0.9990000000000001.
func quantile(key []byte) (float64, bool) {
	var buf [32]byte
	of, ok := bytes.CutPrefix(key, []byte("p"))
	v, isNumber := number(append(append(buf[:0], of...), "e-2"...), 0)
	return v.Float(), ok && isNumber
}

// eachPair yields keys and values.
func eachPair(text []byte) iter.Seq2[[]byte, []byte] {
	return func(yield func([]byte, []byte) bool) {
		for len(text) > 0 {
			var pair []byte
			pair, text, _ = bytes.Cut(text, []byte(","))
			key, value, ok := bytes.Cut(pair, []byte("="))
			if ok && len(key) > 0 && !yield(key, value) {
				return
			}
		}
	}
}
