package logcollect

import (
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"sync"
)

// numbered is the name that a file gets by its rotation.
func numbered(base string, n int64) string { return fmt.Sprintf("%s.%06d", base, n) }

// parseNumbered takes apart a name that numbered made, to which a compression may
// have added ext.
func parseNumbered(name, base string) (n int64, ext string, ok bool) {
	rest, ok := strings.CutPrefix(name, base+".")
	if !ok {
		return 0, "", false
	}
	digits := rest[:len(rest)-len(strings.TrimLeft(rest, "0123456789"))]
	ext = rest[len(digits):]
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || n == 0 || numbered(base, n) != base+"."+digits || ext != "" && !isExt(strings.TrimSuffix(ext, tempExt)) {
		return 0, "", false
	}
	return n, ext, true
}

// isExt tells whether ext is what a Compressor may add to a name.
func isExt(ext string) bool {
	letters, ok := strings.CutPrefix(ext, ".")
	return ok && letters != "" && len(letters) <= 16 && ext != tempExt &&
		strings.Trim(letters, "abcdefghijklmnopqrstuvwxyz0123456789") == ""
}

// isOutput tells whether a File called base makes files called name.
func isOutput(name, base string) bool {
	_, _, ok := parseNumbered(name, base)
	return ok || name == base
}

// lastNumber returns the highest number that a file has.
func (o *output) lastNumber() (last int64, err error) {
	entries, err := fs.ReadDir(o.root.FS(), ".")
	for _, e := range entries {
		if n, _, ok := parseNumbered(e.Name(), o.base); ok {
			last = max(last, n)
		}
	}
	return last, err
}

// former is the files that a File had, some of them by other names now.
type former struct {
	mu    sync.Mutex
	born  map[fileID]int64
	order []fileID
}

// maxFormer bounds what is remembered.
const maxFormer = 100

func (f *former) add(id fileID, born int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.born == nil {
		f.born = map[fileID]int64{}
	}
	if _, known := f.born[id]; !known {
		f.order = append(f.order, id)
	}
	f.born[id] = born
	if len(f.order) > maxFormer {
		delete(f.born, f.order[0])
		f.order = f.order[1:]
	}
}

// has tells whether a file is one of them, and not one that was given its identity.
func (f *former) has(root *os.Root, at sighting) bool {
	f.mu.Lock()
	born, ok := f.born[at.id]
	f.mu.Unlock()
	if !ok {
		return false
	}
	is, now, err := open(root, at.name)
	if err != nil {
		return false
	}
	defer is.Close()
	return now.id == at.id && bornAt(is) == born
}
