package logcollect

import (
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
)

// follows tells whether the patterns want the file called name.
func (c *Collector) follows(name string) bool {
	matches := func(p string) bool { return doublestar.MatchUnvalidated(p, name) }
	return slices.ContainsFunc(c.Include, matches) && !slices.ContainsFunc(c.Exclude, matches)
}

// walk returns the regular files that the patterns want, the one that was written
// to first in front.
func (r *run) walk() []sighting {
	var found []sighting
	seen := map[string]bool{}
	g := &globFS{run: r, fsys: r.root.FS(), dirs: map[string]bool{}}
	for _, pattern := range r.c.Include {
		g.read = map[fileID]string{}
		err := doublestar.GlobWalk(g, pattern, func(name string, _ fs.DirEntry) error {
			if seen[name] || !r.c.follows(name) || r.owns(name) {
				return nil
			}
			seen[name] = true
			switch at, err := look(r.root, name); {
			case err == nil && r.moved(at):
				r.warnOnce(name, "is the sink's own file, not followed")
			case err == nil:
				found = append(found, at)
			case errors.Is(err, errIrregular):
				r.warnOnce(name, "is not a regular file, not followed")
			case !errors.Is(err, fs.ErrNotExist):
				r.warn(name, "can't be looked at", err)
			}
			return nil
		}, doublestar.WithFilesOnly())
		if err != nil {
			r.warn(pattern, "pattern fails", err)
		}
	}
	r.dirs = g.dirs
	slices.SortFunc(found, func(a, b sighting) int {
		if c := a.mod.Compare(b.mod); c != 0 {
			return c
		}
		return strings.Compare(a.name, b.name)
	})
	return found
}

// A globFS is the root's files for one walk. It notes the directories that are
// looked into, because these are the ones to watch, and looks into each but once,
// because links may make a circle of them.
type globFS struct {
	run  *run
	fsys fs.FS
	dirs map[string]bool
	read map[fileID]string // by what name a directory was read
}

func (g *globFS) Open(name string) (fs.File, error) { return g.fsys.Open(name) }

func (g *globFS) Stat(name string) (fs.FileInfo, error) {
	fi, err := fs.Stat(g.fsys, name)
	if err != nil || !fi.IsDir() {
		g.dirs[path.Dir(name)] = true // where it may appear
	}
	return fi, err
}

func (g *globFS) ReadDir(name string) ([]fs.DirEntry, error) {
	fi, err := fs.Stat(g.fsys, name)
	if err != nil {
		g.dirs[path.Dir(name)] = true
		return nil, err
	}
	id, err := statID(g.run.root, name, fi)
	if err != nil {
		return nil, err
	}
	if first, ok := g.read[id]; ok && first != name {
		return nil, nil
	}
	g.read[id] = name
	g.dirs[name] = true
	entries, err := fs.ReadDir(g.fsys, name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		g.run.warn(name, "can't be listed", err)
	}
	return entries, err
}
