package metrics

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Named is a Source under a name of the user's choice.
type Named struct {
	Name   string // printable, at most 200 bytes
	Source Source // what it names
}

// Collect collects from n.Source.
func (n Named) Collect(ctx context.Context, b *Batch) error { return n.Source.Collect(ctx, b) }

// String returns n.Name.
func (n Named) String() string { return n.Name }

var (
	_ Source = Func(nil)
	_ Source = Named{}
)

// An optional source has not even an up where it is not available.
type optional struct{ Source }

// errAbsent wraps the error of an optional source that is not available.
var errAbsent = errors.New("absent")

func (o optional) Collect(ctx context.Context, b *Batch) error {
	err := o.Source.Collect(ctx, b)
	if errors.Is(err, ErrNotAvailable) {
		return fmt.Errorf("%w: %w", errAbsent, err)
	}
	return err
}

const maxSourceName = 200

// innermost is the source that s wraps, or s; an error if any of them is nil.
func innermost(s Source) (Source, error) {
	for {
		if isNil(s) {
			return nil, fmt.Errorf("%T: a Source must not be nil", s)
		}
		switch outer := s.(type) {
		case Named:
			s = outer.Source
		case optional:
			s = outer.Source
		default:
			return s, nil
		}
	}
}

// sourceName returns the name of s, or why s can't be a source.
func sourceName(s Source) (string, error) {
	inner, err := innermost(s)
	if err != nil {
		return "", err
	}
	if v, ok := inner.(Validator); ok {
		if err := v.Validate(); err != nil {
			return "", err
		}
	}
	stringer, ok := s.(fmt.Stringer)
	if !ok {
		return "", fmt.Errorf("%T has no name: give it a method String, or put it in a metrics.Named", s)
	}
	name := stringer.String()
	if name == "" || len(name) > maxSourceName || !utf8.ValidString(name) || strings.ContainsFunc(name, notPrintable) {
		return "", fmt.Errorf("name %q of %T: want 1 to %d bytes of printable UTF-8", name, s, maxSourceName)
	}
	return name, nil
}

func isNil(s Source) bool {
	if s == nil {
		return true
	}
	switch v := reflect.ValueOf(s); v.Kind() {
	case reflect.Pointer, reflect.Func:
		return v.IsNil()
	}
	return false
}

func notPrintable(r rune) bool { return !unicode.IsPrint(r) }
