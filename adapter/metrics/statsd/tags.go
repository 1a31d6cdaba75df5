package statsd

import (
	"bytes"
	"strings"

	"github.com/podpatterns/podpatterns/adapter/metrics"
)

// TagStyles are ways to write tags into the name of a metric; or'ed together they
// are several. Those of DogStatsD, which come after the value, are always read.
type TagStyles uint8

// These are all of them.
const (
	Influx   TagStyles = 1 << iota // name,key=value,key=value:1|c
	SignalFX                       // name[key=value,key=value].more:1|c
	Librato                        // name#key=value,key=value:1|c
	Graphite                       // name;key=value;key=value:1|c
	allStyles
)

// cut takes the tags out of name. Two styles in one name, a bracket without the
// other and a tag without a key or a value are wrong.
func (t TagStyles) cut(name []byte, tags []metrics.Label) (rest []byte, all []metrics.Label, ok bool) {
	if t&SignalFX != 0 {
		from, to := bytes.IndexByte(name, '['), bytes.IndexByte(name, ']')
		switch {
		case from >= 0 && to > from:
			tags, ok = pairs(tags, name[from+1:to], ',')
			return append(bytes.Clone(name[:from]), name[to+1:]...), tags, ok
		case from >= 0 || to >= 0:
			return name, tags, false
		}
	}
	for _, s := range [...]struct {
		style     TagStyles
		at, comma byte
	}{{Influx, ',', ','}, {Librato, '#', ','}, {Graphite, ';', ';'}} {
		if t&s.style == 0 {
			continue
		}
		if i := bytes.IndexByte(name, s.at); i >= 0 {
			tags, ok = pairs(tags, name[i+1:], s.comma)
			return name[:i], tags, ok
		}
	}
	return name, tags, true
}

func pairs(tags []metrics.Label, text []byte, comma byte) ([]metrics.Label, bool) {
	for pair := range bytes.SplitSeq(text, []byte{comma}) {
		key, value, ok := bytes.Cut(pair, []byte{'='})
		if !ok || len(key) == 0 || len(value) == 0 {
			return tags, false
		}
		tags = append(tags, metrics.Label{Name: labelName(string(key)), Value: string(value)})
	}
	return tags, true
}

// dogTags reads key:value,flag. Clients write a comma too many now and then, as
// the agent takes it.
func dogTags(tags []metrics.Label, text []byte) ([]metrics.Label, bool) {
	for tag := range bytes.SplitSeq(text, []byte{','}) {
		if len(tag) == 0 {
			continue
		}
		key, value, ok := strings.Cut(string(tag), ":")
		if key == "" {
			return tags, false
		}
		if !ok {
			value = "true"
		}
		tags = append(tags, metrics.Label{Name: labelName(key), Value: value})
	}
	return tags, true
}

// labelName keeps clear of what Prometheus needs for itself.
func labelName(key string) string {
	name := metrics.LabelName(key)
	if name == "le" || name == "quantile" {
		return "exported_" + name
	}
	return name
}
