package metrics

import (
	"fmt"
	"reflect"
	"strings"
	"time"
	"unicode"
)

// A statsGroup is what a struct becomes.
type statsGroup struct {
	fields []statsField
	labels []statsLabel
}

type statsLabel struct {
	name  string
	index []int // of the field, through embedded structs
}

type statsField struct {
	index int // in its struct
	as    statsAs
	leaf  int         // of a family, unless group is set
	group *statsGroup // of structs
	label string      // of lists, maps and states
}

type statsAs uint8

const (
	asNothing statsAs = iota
	asValue
	asState
	asGroup
	asList
	asMap
)

var (
	typeDuration = reflect.TypeFor[time.Duration]()
	typeTime     = reflect.TypeFor[time.Time]()
	typeStringer = reflect.TypeFor[fmt.Stringer]()
)

// maxStatsDepth ends types that contain themselves.
const maxStatsDepth = 8

type statsCompiler struct{ leaves *[]Desc }

// group compiles a struct whose families begin with prefix.
func (c statsCompiler) group(of reflect.Type, prefix string, depth int) (*statsGroup, error) {
	g := &statsGroup{}
	if depth > maxStatsDepth {
		return g, nil
	}
	for i := range of.NumField() {
		field := of.Field(i)
		tag, err := parseStatsTag(field)
		if err != nil {
			return nil, fmt.Errorf("%v.%s: %w", of, field.Name, err)
		}
		switch {
		case tag.name == "-" || !field.IsExported():
			continue
		case tag.label:
			g.labels = append(g.labels, statsLabel{tag.name, field.Index})
			continue
		}
		f, err := c.field(field, tag, prefix, depth)
		if err != nil {
			return nil, err
		}
		f.index = i
		if f.as != asNothing {
			g.fields = append(g.fields, f)
		}
	}
	return g, nil
}

func (c statsCompiler) field(field reflect.StructField, tag statsTag, prefix string, depth int) (f statsField, err error) {
	of := field.Type
	for of.Kind() == reflect.Pointer {
		of = of.Elem()
	}
	name := prefix + "." + tag.name
	f.label = tag.name
	leaf := func(as statsAs, of reflect.Type) {
		f.as, f.leaf = as, len(*c.leaves)
		unit := tag.unit
		if unit == "" && (of == typeDuration || of == typeTime) {
			unit = "s"
		}
		*c.leaves = append(*c.leaves, Desc{Name: name, Unit: unit, Kind: tag.kind, Help: tag.help})
	}
	switch {
	case isState(of):
		leaf(asState, of)
	case isNumber(of):
		leaf(asValue, of)
	case of.Kind() == reflect.Struct:
		f.as = asGroup
		if field.Anonymous {
			name = prefix
		}
		f.group, err = c.group(of, name, depth+1)
	case of.Kind() == reflect.Slice || of.Kind() == reflect.Array:
		if elem := structOf(of.Elem()); elem != nil {
			f.as = asList
			f.group, err = c.group(elem, name, depth+1)
			if err == nil {
				labelBy(f.group, elem)
			}
		}
	case of.Kind() == reflect.Map:
		if elem := structOf(of.Elem()); elem != nil {
			f.as = asMap
			f.group, err = c.group(elem, name, depth+1)
		} else if isNumber(of.Elem()) {
			leaf(asMap, of.Elem())
		}
	}
	return f, err
}

// labelBy gives elements of a list the label that tells them apart.
func labelBy(g *statsGroup, of reflect.Type) {
	if len(g.labels) > 0 {
		return
	}
	for _, field := range reflect.VisibleFields(of) {
		if tag, _ := parseStatsTag(field); field.IsExported() && tag.name != "-" && field.Type.Kind() == reflect.String {
			g.labels = []statsLabel{{tag.name, field.Index}}
			return
		}
	}
}

func structOf(of reflect.Type) reflect.Type {
	for of.Kind() == reflect.Pointer {
		of = of.Elem()
	}
	if of.Kind() == reflect.Struct && of != typeTime {
		return of
	}
	return nil
}

func isNumber(of reflect.Type) bool {
	switch k := of.Kind(); {
	case of == typeTime:
		return true
	case k == reflect.Uintptr:
		return false
	default:
		return k >= reflect.Bool && k <= reflect.Float64
	}
}

func isState(of reflect.Type) bool {
	k := of.Kind()
	return of != typeDuration && of.Implements(typeStringer) && (k >= reflect.Int && k <= reflect.Uint64 || k == reflect.String)
}

type statsTag struct {
	name, unit, help string
	kind             Kind
	label            bool
}

func parseStatsTag(field reflect.StructField) (statsTag, error) {
	t := statsTag{kind: Gauge, help: field.Tag.Get("help")}
	name, options, _ := strings.Cut(field.Tag.Get("metrics"), ",")
	t.name = name
	if name == "" {
		t.name = snake(field.Name)
	}
	for option := range strings.SplitSeq(options, ",") {
		unit, isUnit := strings.CutPrefix(option, "unit=")
		switch {
		case option == "":
		case option == "counter":
			t.kind = Counter
		case option == "updown":
			t.kind = UpDownCounter
		case option == "label":
			t.label = true
		case isUnit:
			t.unit = unit
		default:
			return t, fmt.Errorf("tag %q: the option %q is none of counter, updown, label, unit=", field.Tag, option)
		}
	}
	return t, nil
}

// snake is OpenFiles as open_files, and HTTPErrors as http_errors.
func snake(name string) string {
	var b strings.Builder
	runes := []rune(name)
	for i, r := range runes {
		if unicode.IsUpper(r) {
			before := i > 0 && !unicode.IsUpper(runes[i-1])
			after := i > 0 && i+1 < len(runes) && unicode.IsLower(runes[i+1]) && runes[i-1] != '_'
			if before && runes[i-1] != '_' || after {
				b.WriteByte('_')
			}
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}
