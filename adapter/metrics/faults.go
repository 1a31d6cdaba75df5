package metrics

import (
	"fmt"
	"strings"

	"github.com/hashicorp/go-multierror"
)

// faults are all that is wrong with the fields of a value.
type faults struct{ all *multierror.Error }

func (f *faults) add(field, format string, args ...any) {
	f.all = multierror.Append(f.all, fmt.Errorf(field+": "+format, args...))
}

func (f *faults) err() error { return joined(f.all) }

// joined is the error of all of errs, on one line, as a log record wants it.
func joined(errs *multierror.Error) error {
	if errs != nil {
		errs.ErrorFormat = func(list []error) string {
			texts := make([]string, len(list))
			for i, err := range list {
				texts[i] = err.Error()
			}
			return strings.Join(texts, "; ")
		}
	}
	return errs.ErrorOrNil()
}
