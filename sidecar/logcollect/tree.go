package logcollect

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// A tree is the files below the root as one scan sees them: each directory is
// listed but once. It follows links itself, because os.Root refuses the absolute
// ones also where they lead below the root. What it returns is free of links, and
// opened through os.Root, so that one that is put there meanwhile does not lead
// outside either.
type tree struct {
	root  *os.Root
	bases []string // the root's own names: an absolute link that begins with one stays inside
	open  func(name string) (*os.File, error)

	real  map[string]string   // directories without links, by name
	lists map[string]*listing // by name without links

	// What must be watched to hear of changes: a directory of which all names count
	// if true, else only those in ways, which are links and directories.
	dirs map[string]bool
	ways map[string]bool
}

// A listing is what there is in a directory.
type listing struct {
	id      fileID
	entries []fs.DirEntry
	err     error
	files   map[fileID]sighting // nil: not asked for yet
	again   bool                // it was read a second time
}

var (
	errOutside = errors.New("a link leads out of the root")
	errCircle  = errors.New("links lead in a circle")
)

// maxLinks is how many links a name may lead over, as in the kernel.
const maxLinks = 40

func newTree(root *os.Root, bases []string, open func(string) (*os.File, error)) *tree {
	return &tree{
		root: root, bases: bases, open: open,
		real: map[string]string{".": "."}, lists: map[string]*listing{},
		dirs: map[string]bool{}, ways: map[string]bool{},
	}
}

// basesOf returns the absolute names of the directory that root has open.
func basesOf(root *os.Root) []string {
	base, err := filepath.Abs(root.Name())
	if err != nil || sameDir(root, base) != nil {
		return nil
	}
	bases := []string{base}
	if real, err := filepath.EvalSymlinks(base); err == nil && real != base {
		bases = append(bases, real)
	}
	return bases
}

// resolve returns what name stands for, free of links.
func (t *tree) resolve(name string) (string, error) {
	dir, err := t.resolveDir(path.Dir(name))
	if err != nil {
		return "", err
	}
	return t.follow(dir, path.Base(name))
}

func (t *tree) resolveDir(name string) (string, error) {
	if real, ok := t.real[name]; ok {
		return real, nil
	}
	real, err := t.resolve(name)
	if err == nil {
		t.real[name] = real
	}
	return real, err
}

// follow goes the way from dir, which is free of links.
func (t *tree) follow(dir, way string) (string, error) {
	left := strings.Split(way, "/")
	for count := 0; len(left) > 0; {
		next := left[0]
		left = left[1:]
		switch next {
		case "", ".":
			continue
		case "..":
			if dir == "." {
				return "", errOutside
			}
			dir = path.Dir(dir)
			continue
		}
		name := path.Join(dir, next)
		fi, err := t.root.Lstat(name)
		if err != nil {
			t.note(dir, name)
			return "", err
		}
		if fi.Mode().Type() != fs.ModeSymlink {
			dir = name
			continue
		}
		t.note(dir, name)
		if count++; count > maxLinks {
			return "", errCircle
		}
		to, err := t.root.Readlink(name)
		if err != nil {
			return "", err
		}
		if filepath.IsAbs(to) {
			if to, err = t.inside(to); err != nil {
				return "", err
			}
			dir = "."
		}
		left = append(strings.Split(filepath.ToSlash(to), "/"), left...)
	}
	return dir, nil
}

// inside returns the way from the root to an absolute name.
func (t *tree) inside(name string) (string, error) {
	for _, base := range t.bases {
		if rest, ok := strings.CutPrefix(name, base); ok && (rest == "" || os.IsPathSeparator(rest[0]) || os.IsPathSeparator(base[len(base)-1])) {
			return rest, nil
		}
	}
	return "", errOutside
}

// note has what becomes of name watched, which is in dir.
func (t *tree) note(dir, name string) {
	if !t.dirs[dir] {
		t.dirs[dir] = false
	}
	t.ways[name] = true
}

// list returns what there is in the directory called name.
func (t *tree) list(name string) *listing {
	dir, err := t.resolveDir(name)
	if err != nil {
		return &listing{err: err}
	}
	l, ok := t.lists[dir]
	if !ok {
		l = t.read(dir)
		t.lists[dir] = l
		t.dirs[dir] = true
	}
	return l
}

// relist lists a directory once more in this scan, because a listing misses files
// that are renamed meanwhile. It returns false if that was done already.
func (t *tree) relist(dir string) bool {
	dir, err := t.resolveDir(dir)
	if l := t.lists[dir]; err != nil || l == nil || l.again {
		return false
	}
	t.lists[dir] = t.read(dir)
	t.lists[dir].again = true
	return true
}

func (t *tree) read(dir string) *listing {
	f, err := t.open(dir)
	if err != nil {
		return &listing{err: err}
	}
	defer f.Close()
	fi, err := f.Stat()
	if err != nil {
		return &listing{err: err}
	}
	id, err := openID(f, fi)
	if err != nil {
		return &listing{err: err}
	}
	entries, err := f.ReadDir(-1)
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	return &listing{id: id, entries: entries, err: err}
}

// find looks at the regular file called name, through links.
func (t *tree) find(name string) (sighting, error) {
	real, err := t.resolve(name)
	if err != nil {
		return sighting{}, err
	}
	return look(t.root, real)
}

func (t *tree) stat(name string) (fs.FileInfo, error) {
	real, err := t.resolve(name)
	if err != nil {
		return nil, err
	}
	return t.root.Stat(real)
}

func (t *tree) isDir(name string) bool {
	fi, err := t.stat(name)
	return err == nil && fi.IsDir()
}

// watched returns dirs and ways, with all that leads to them.
func (t *tree) watched() (dirs, ways map[string]bool) {
	for name := range t.dirs {
		for ; name != "."; name = path.Dir(name) {
			t.note(path.Dir(name), name)
		}
	}
	return t.dirs, t.ways
}
