// Package absent tells of fields of an interface type whether there is nothing in
// them, as where a nil pointer was put into one.
package absent

import "reflect"

// Nil tells whether v is nil, or a nil of a type that has such.
func Nil(v any) bool {
	switch r := reflect.ValueOf(v); r.Kind() {
	case reflect.Invalid:
		return true
	case reflect.Pointer, reflect.Func, reflect.Map, reflect.Chan:
		return r.IsNil()
	}
	return false // a nil slice is an empty one
}
