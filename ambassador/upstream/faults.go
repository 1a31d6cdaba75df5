package upstream

import (
	"fmt"
	"strings"

	"github.com/hashicorp/go-multierror"
)

// faults are all that is wrong with something, at most ten of them.
type faults struct {
	all  *multierror.Error
	more int
}

func (f *faults) add(format string, args ...any) { f.append(fmt.Errorf(format, args...)) }

func (f *faults) append(err error) {
	if f.all != nil && len(f.all.Errors) >= 10 {
		f.more++
		return
	}
	f.all = multierror.Append(f.all, err)
}

func (f *faults) err() error {
	if f.all == nil {
		return nil
	}
	if f.more > 0 {
		f.all = multierror.Append(f.all, fmt.Errorf("and %d more", f.more))
		f.more = 0
	}
	f.all.ErrorFormat = oneLine
	return f.all
}

// oneLine keeps several errors on one line, as a log record wants them.
func oneLine(errs []error) string {
	lines := make([]string, len(errs))
	for i, err := range errs {
		lines[i] = err.Error()
	}
	return strings.Join(lines, "; ")
}
