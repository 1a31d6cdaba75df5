package metrics

import (
	"context"
	"errors"
	"fmt"
	"math"
	"reflect"
	"time"
)

// Stats is a source called name of the snapshots that f returns, as the Stats of
// a block: its fields become families called name.field, the field's name in
// lower case with underscores. T is a struct, or a pointer to one; what its fields
// become is read once.
//
//   - Integers, floats and bools (0 and 1) are gauges; a time.Duration is one in
//     seconds, and a time.Time is one in seconds since 1970.
//   - A struct is a part of the name, unless it is embedded. A nil pointer is
//     left out.
//   - Each element of a slice or map of structs is a series of its own. Its labels
//     are the fields tagged so; without any the first string field; without one
//     its index. A map's key is a label that is called as the map's field. A
//     map of numbers is such a family.
//   - A named integer or string with a method String, as a state, is a gauge of 1
//     with that text as the label of the field's name.
//   - Other fields, strings among them, are left out.
//
// A tag says more: `metrics:"NAME,OPTION,…" help:"A sentence."`. NAME takes the
// place of the field's own; "-" leaves the field out. The options are counter,
// updown, label (of all that stands in the struct or below it; a string or an
// integer) and unit=CODE, by UCUM.
func Stats[T any](name string, f func() T) Source {
	s := &statsSource{name: name, read: func() reflect.Value { return reflect.ValueOf(f()) }}
	of := reflect.TypeFor[T]()
	for of.Kind() == reflect.Pointer {
		of = of.Elem()
	}
	switch {
	case f == nil:
		s.err = errors.New("the function is nil")
	case of.Kind() != reflect.Struct:
		s.err = fmt.Errorf("%v is no struct", of)
	default:
		c := statsCompiler{leaves: &s.leaves}
		s.root, s.err = c.group(of, name, 0)
		if s.err == nil && len(s.leaves) == 0 {
			s.err = fmt.Errorf("%v has no field that is a number", of)
		}
	}
	return s
}

type statsSource struct {
	name   string
	read   func() reflect.Value
	root   *statsGroup
	leaves []Desc
	err    error

	labels map[string]*Labels // by their pairs
	at     []*Family          // of leaves
}

func (s *statsSource) String() string { return s.name }

// Validate says why T can't be a source.
func (s *statsSource) Validate() error { return s.err }

// Collect adds the families of a snapshot.
func (s *statsSource) Collect(_ context.Context, b *Batch) error {
	if s.err != nil {
		return s.err
	}
	s.at = s.at[:0]
	for _, d := range s.leaves {
		s.at = append(s.at, b.Family(d))
	}
	if len(s.labels) > maxNames {
		s.labels = nil
	}
	s.group(s.root, s.read(), nil)
	return nil
}

// labelsOf makes each set once.
func (s *statsSource) labelsOf(pairs []string) *Labels {
	if len(pairs) == 0 {
		return nil
	}
	var key []byte
	for _, p := range pairs {
		key = append(append(key, p...), 0)
	}
	if l, known := s.labels[string(key)]; known {
		return l
	}
	if s.labels == nil {
		s.labels = map[string]*Labels{}
	}
	l := NewLabels(pairs...)
	s.labels[string(key)] = l
	return l
}

func (s *statsSource) group(g *statsGroup, v reflect.Value, pairs []string) {
	for v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return
		}
		v = v.Elem()
	}
	for _, l := range g.labels {
		pairs = append(pairs[:len(pairs):len(pairs)], l.name, fmt.Sprint(v.FieldByIndex(l.index).Interface()))
	}
	for i := range g.fields {
		s.field(&g.fields[i], v.Field(g.fields[i].index), pairs)
	}
}

func (s *statsSource) field(f *statsField, v reflect.Value, pairs []string) {
	for v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return
		}
		v = v.Elem()
	}
	switch f.as {
	case asGroup:
		s.group(f.group, v, pairs)
	case asList:
		for i := range v.Len() {
			own := pairs
			if len(f.group.labels) == 0 {
				own = append(pairs[:len(pairs):len(pairs)], f.label, fmt.Sprint(i))
			}
			s.group(f.group, v.Index(i), own)
		}
	case asMap:
		for iter := v.MapRange(); iter.Next(); {
			own := append(pairs[:len(pairs):len(pairs)], f.label, fmt.Sprint(iter.Key().Interface()))
			if f.group != nil {
				s.group(f.group, iter.Value(), own)
			} else {
				s.at[f.leaf].Add(s.labelsOf(own), valueOf(iter.Value()))
			}
		}
	case asState:
		own := append(pairs[:len(pairs):len(pairs)], f.label, fmt.Sprint(v.Interface()))
		s.at[f.leaf].Add(s.labelsOf(own), Int(1))
	case asValue:
		s.at[f.leaf].Add(s.labelsOf(pairs), valueOf(v))
	}
}

// valueOf is of a kind that isNumber.
func valueOf(v reflect.Value) Value {
	switch v.Type() {
	case typeDuration:
		return Float(time.Duration(v.Int()).Seconds())
	case typeTime:
		if v.IsZero() {
			return Int(0)
		}
		return Float(float64(v.Interface().(time.Time).UnixNano()) / 1e9)
	}
	switch {
	case v.CanInt():
		return Int(v.Int())
	case v.CanUint():
		if v.Uint() <= math.MaxInt64 {
			return Int(int64(v.Uint()))
		}
		return Float(float64(v.Uint()))
	case v.CanFloat():
		return Float(v.Float())
	case v.Kind() == reflect.Bool && v.Bool():
		return Int(1)
	}
	return Int(0)
}
