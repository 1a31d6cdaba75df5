package logcollect

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/go-multierror"
)

// afterGrace is what a Write has left to return when its context has ended.
const afterGrace = 250 * time.Millisecond

// end waits for the deliverer, and returns why not all was delivered, nil if it
// was.
func (r *run) end(err error) error {
	wrong := &multierror.Error{ErrorFormat: oneLine}
	r.letGo() // the deliverer may need descriptors
	close(r.d.in)
	failed, returned := r.await()
	if !returned {
		failed = errors.New("the sink's Write has not returned, and is left behind")
	}
	if failed != nil {
		wrong = multierror.Append(wrong, failed)
	}
	select {
	case b := <-r.d.out:
		r.delivered(b)
	default:
	}
	if returned {
		r.owed = r.d.owed
	}
	if left := r.left(failed != nil || err != nil); left != nil {
		wrong = multierror.Append(wrong, left)
	}
	if expired := r.grace.Err(); expired != nil && wrong.Len() > 0 {
		wrong = multierror.Append(wrong, fmt.Errorf("the grace period has ended: %w", expired))
	}
	return wrong.ErrorOrNil()
}

func (r *run) await() (err error, returned bool) {
	select {
	case err := <-r.d.done:
		return err, true
	case <-r.grace.Done():
	}
	select {
	case err := <-r.d.done:
		return err, true
	case <-time.After(afterGrace):
		return nil, false
	}
}

// left says how many bytes of which files are not delivered, nil if none are.
// What was written since the drain began does not count, and where the run ended
// well only what can't be read does: the rest is a line that is being written.
func (r *run) left(all bool) error {
	bytes := map[string]int64{}
	reasons := map[string]error{}
	for _, s := range r.sources {
		if (all || s.err != nil) && s.due > s.next {
			bytes[s.path] += s.due - s.next
			reasons[s.path] = s.err
		}
	}
	for _, b := range []*batch{r.flying, r.ahead} {
		if b != nil {
			for _, p := range b.parts {
				bytes[p.src.path] += p.bytes
			}
		}
	}
	for path, n := range r.owed {
		bytes[path] += n
		r.count.lag.Add(n)
	}
	names := slices.SortedFunc(maps.Keys(bytes), func(a, b string) int {
		return cmp.Or(cmp.Compare(bytes[b], bytes[a]), cmp.Compare(a, b))
	})
	var total int64
	var parts []string
	for i, name := range names {
		total += bytes[name]
		switch {
		case i < maxNamed && reasons[name] != nil:
			parts = append(parts, fmt.Sprintf("%d of %s (%v)", bytes[name], name, reasons[name]))
		case i < maxNamed:
			parts = append(parts, fmt.Sprintf("%d of %s", bytes[name], name))
		case i == maxNamed:
			parts = append(parts, fmt.Sprintf("and of %d more files", len(names)-i))
		}
	}
	if total == 0 {
		return nil
	}
	return fmt.Errorf("not delivered: %d bytes, %s", total, strings.Join(parts, ", "))
}

// maxNamed is how many files an error names.
const maxNamed = 10

// letGo closes all files.
func (r *run) letGo() {
	for _, s := range r.opened {
		s.f.Close()
		s.f = nil
	}
	r.opened = nil
	r.count.open.Store(0)
}

// close ends what the run has begun.
func (r *run) close() {
	if r.watch != nil {
		r.watch.close()
	}
	r.letGo()
	r.count.files.Store(0)
}
