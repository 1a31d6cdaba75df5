package redis

import (
	"bytes"
	"strings"

	"github.com/podpatterns/podpatterns/adapter/metrics"
)

// A field is what is done with the value of one name.
type field struct {
	// read tells whether the value was read, or may be passed over.
	read func(r *reader, f *field, value []byte) bool

	family *family
	per    float64 // how many of the field are one of the metric; 0: one
	labels *metrics.Labels

	name string            // of a label, or what the names of pairs begin with
	keys map[string]*field // of key=value pairs
	pair *pairs
	cmd  *tally
}

// learn decides what becomes of a field by its name, and by its value if the name
// is not known. nil: there is no room for more.
func (r *reader) learn(name string, value []byte) *field {
	if r.size++; r.size > maxValues {
		return nil
	}
	f := r.decide(name, value)
	r.fields[name] = f
	return f
}

func (r *reader) decide(name string, value []byte) *field {
	if k, ok := known[name]; ok {
		f := &field{read: readNumber, family: r.named(k.name, k.kind, k.unit, helpOf(name)), per: k.per}
		f.family.cpu = strings.HasPrefix(name, "used_cpu_")
		return f
	}
	if label, ok := instanceText[name]; ok {
		return &field{read: readInstance, name: label}
	}
	switch name {
	case "master_host", "master_port":
		return &field{read: readReplica, name: name}
	case "module":
		return &field{read: readModule}
	}
	if derived[name] || strings.HasSuffix(name, "_human") {
		return &field{read: func(*reader, *field, []byte) bool { return true }}
	}
	if f := r.decidePairs(name); f != nil {
		return f
	}
	if !metricWord(name) {
		return &field{read: func(*reader, *field, []byte) bool { return false }}
	}
	if bytes.IndexByte(value, '=') >= 0 {
		return &field{read: readPairs, name: name + "_", pair: &pairs{}, keys: map[string]*field{}}
	}
	return r.generic(name, name)
}

// generic is for a number that nothing is known about but its name.
func (r *reader) generic(name, of string) *field {
	base, unit, per := inBaseUnits(name)
	return &field{read: readNumber, family: r.named(base, metrics.Unknown, unit, helpOf(of)), per: per}
}

func helpOf(name string) string { return "The field " + name + " of INFO." }

// metricWord tells what can be the name of a metric as it is, but for dots and
// dashes. Anything else is no field of any server.
func metricWord(name string) bool {
	for i := range len(name) {
		c := name[i] | 0x20
		if !(c >= 'a' && c <= 'z' || name[i] == '_' || i > 0 && (name[i] >= '0' && name[i] <= '9' || name[i] == '.' || name[i] == '-')) {
			return false
		}
	}
	return name != ""
}

func readNumber(r *reader, f *field, value []byte) bool {
	v, ok := number(value, f.per)
	if !ok {
		switch string(value) {
		case "ok", "up":
			v = metrics.Int(1)
		case "err", "down":
			v = metrics.Int(0)
		default:
			return false
		}
	}
	r.add(f.family, f.labels, v)
	return true
}

func readInstance(r *reader, f *field, value []byte) bool {
	r.instance.add(f.name, value)
	r.points++
	return true
}

func readReplica(r *reader, f *field, value []byte) bool {
	r.replica.add(f.name, value)
	return true
}

// readModule is for name=ReJSON,ver=20007,…, whose values are all text.
func readModule(r *reader, _ *field, value []byte) bool {
	var all []metrics.Label
	for key, v := range eachPair(value) {
		if name := string(key); name == "name" || name == "ver" || name == "api" {
			all = append(all, metrics.Label{Name: name, Value: string(v[:min(len(v), maxText)])})
		}
	}
	if all == nil {
		return false
	}
	r.add(r.named("module_info", metrics.Info, "", "A module that the server has loaded."), metrics.LabelsOf(all), metrics.Int(1))
	return true
}
