package expvar

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/podpatterns/podpatterns/adapter/metrics"
)

var (
	errNoObject = errors.New("it is no JSON object")
	errMany     = fmt.Errorf("more than %d values", maxValues)
	errDeep     = fmt.Errorf("nested deeper than %d levels", maxLevels)
)

// A reading is of one answer.
type reading struct {
	*json.Decoder
	b              *metrics.Batch
	prefix         string
	values, unread int64
	families       map[string]*metrics.Family
	mem            map[string]float64 // of memstats
}

func (s *Source) read(body []byte, b *metrics.Batch, now time.Time) error {
	r := reading{
		Decoder: json.NewDecoder(bytes.NewReader(body)), b: b, prefix: cmp.Or(s.Prefix, defaultPrefix),
		families: map[string]*metrics.Family{},
	}
	r.UseNumber()
	if t, err := r.Token(); err != nil || t != json.Delim('{') {
		return cmp.Or(err, errNoObject)
	}
	if err := r.object(1, r.variable); err != nil {
		return err
	}
	if _, err := r.Token(); err != io.EOF {
		return errors.New("there is more after the JSON object")
	}
	if r.mem != nil {
		s.addMemory(b, r.mem, now)
	}
	f := b.Family(metrics.Desc{Name: "expvar_values_unread", Kind: metrics.Gauge, Verbatim: true, Help: "Values that are no numbers, and so left out."})
	f.Add(nil, metrics.Int(r.unread))
	return b.Err()
}

// object reads the rest of an object, up to its end.
func (r *reading) object(level int, value func(name string, level int) error) error {
	seen := map[string]bool{}
	for r.More() {
		t, err := r.Token()
		if err != nil {
			return cutOff(err)
		}
		name, ok := t.(string)
		if !ok {
			return errNoObject
		}
		if r.values++; r.values > maxValues {
			return errMany
		}
		read := value
		if seen[name] {
			read = r.ignored
		}
		seen[name] = true
		if err := read(name, level); err != nil {
			return err
		}
	}
	_, err := r.Token()
	return cutOff(err)
}

func (r *reading) variable(name string, level int) error {
	switch name {
	case "cmdline":
		return r.skip()
	case "memstats":
		r.mem = map[string]float64{}
		return r.memory()
	}
	return r.value(r.prefix+snake(name), nil, level)
}

// value reads whatever comes next into the family name.
func (r *reading) value(name string, keys []string, level int) error {
	t, err := r.Token()
	if err != nil {
		return cutOff(err)
	}
	switch t := t.(type) {
	case json.Delim:
		if t == '[' || len(keys) == maxKeys {
			r.unread++
			return r.rest(level + 1)
		}
		if level == maxLevels {
			return errDeep
		}
		return r.object(level+1, func(key string, level int) error {
			return r.value(name, append(keys[:len(keys):len(keys)], key), level)
		})
	case bool:
		n := int64(0)
		if t {
			n = 1
		}
		r.add(name, keys, metrics.Int(n))
	case json.Number:
		v, ok := number(t.String())
		if !ok {
			r.unread++
			return nil
		}
		r.add(name, keys, v)
	default:
		r.unread++
	}
	return nil
}

var keyNames = [maxKeys]string{"key", "key2", "key3", "key4"}

func (r *reading) add(name string, keys []string, v metrics.Value) {
	f := r.families[name]
	if f == nil {
		f = r.b.Family(metrics.Desc{Name: name, Kind: metrics.Unknown, Help: "A variable that the program publishes.", Verbatim: true})
		r.families[name] = f
	}
	var labels []metrics.Label
	for i, key := range keys {
		labels = append(labels, metrics.Label{Name: keyNames[i], Value: key})
	}
	f.Add(metrics.LabelsOf(labels), v)
}

// ignored passes over the value of a name that was there before.
func (r *reading) ignored(string, int) error {
	r.unread++
	return r.skip()
}

// skip passes over one value.
func (r *reading) skip() error {
	t, err := r.Token()
	if err != nil {
		return cutOff(err)
	}
	if d, ok := t.(json.Delim); ok && (d == '{' || d == '[') {
		return r.rest(1)
	}
	return nil
}

// rest passes over what follows the beginning of an object or an array.
func (r *reading) rest(level int) error {
	for open := 1; open > 0; {
		t, err := r.Token()
		if err != nil {
			return cutOff(err)
		}
		switch t {
		case json.Delim('{'), json.Delim('['):
			if open++; open+level > maxLevels {
				return errDeep
			}
		case json.Delim('}'), json.Delim(']'):
			open--
		default:
			if r.values++; r.values > maxValues {
				return errMany
			}
		}
	}
	return nil
}

func number(text string) (metrics.Value, bool) {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return metrics.Int(n), true
	}
	v, err := strconv.ParseFloat(text, 64)
	return metrics.Float(v), err == nil
}

func cutOff(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// snake is name in lower case, with an underscore where a word begins. What a
// name can't have is one too.
func snake(name string) string {
	var b strings.Builder
	runes := []rune(name)
	for i, c := range runes {
		if i > 0 && unicode.IsUpper(c) {
			before, starts := runes[i-1], i+1 < len(runes) && unicode.IsLower(runes[i+1])
			if unicode.IsLower(before) || unicode.IsDigit(before) || unicode.IsUpper(before) && starts {
				b.WriteByte('_')
			}
		}
		b.WriteRune(unicode.ToLower(c))
	}
	return strings.ReplaceAll(metrics.MetricName(b.String()), ":", "_")
}
