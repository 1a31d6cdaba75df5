package logcollect

import (
	"cmp"
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
)

// follows tells whether the patterns want the file called name.
func (c *Collector) follows(name string) bool {
	return !c.excludes(name) && slices.ContainsFunc(c.Include, func(p string) bool {
		return doublestar.MatchUnvalidated(p, name) && asksFor(p, name)
	})
}

func (c *Collector) excludes(name string) bool {
	return slices.ContainsFunc(c.Exclude, func(p string) bool { return doublestar.MatchUnvalidated(p, name) })
}

// compressed are the ends of the names of files that hold no lines.
var compressed = []string{".gz", ".bz2", ".xz", ".zst", ".lz4", ".Z", ".zip"}

func isCompressed(name string) bool { return slices.Contains(compressed, path.Ext(name)) }

// asksFor tells whether pattern, which matches name, means it. What a rotation
// has compressed has been collected before, so a pattern must say its ending.
func asksFor(pattern, name string) bool {
	return !isCompressed(name) || strings.Contains(pattern, path.Ext(name)[1:])
}

// walk returns the regular files that the patterns want, the one that was written
// to first in front.
func (r *run) walk() []sighting {
	var found []sighting
	seen := map[string]bool{}
	g := &globFS{run: r, tree: r.tree}
	for _, pattern := range r.c.Include {
		g.read = map[fileID]string{}
		err := doublestar.GlobWalk(g, pattern, func(name string, d fs.DirEntry) error {
			if r.c.excludes(name) || r.owns(name) || seen[name] {
				return nil
			}
			if !asksFor(pattern, name) {
				r.warnOnce(pattern, "pattern finds compressed files, not followed unless it has their ending")
				return nil
			}
			seen[name] = true
			if at, ok := r.sighted(name, d, pattern); ok {
				found = append(found, at)
			}
			return nil
		})
		if err != nil {
			r.warn(pattern, "pattern fails", err)
		}
	}
	slices.SortFunc(found, func(a, b sighting) int {
		return cmp.Or(a.mod.Compare(b.mod), strings.Compare(a.path, b.path))
	})
	return found
}

// sighted looks at what a pattern has found, and says why it is not followed.
func (r *run) sighted(name string, d fs.DirEntry, pattern string) (at sighting, ok bool) {
	real, err := r.tree.resolveDir(path.Dir(name))
	if err == nil {
		_, followed := d.(*doublestar.DirEntryFromFileInfo)
		if d.Type().IsRegular() && !followed {
			var fi fs.FileInfo
			if fi, err = d.Info(); err == nil {
				at, err = sight(r.root, path.Join(real, path.Base(name)), fi)
			}
		} else {
			at, err = r.tree.find(name)
		}
	}
	switch {
	case err == nil && (r.ownsReal(at.name) || r.moved(at)): // a link may lead to it
		r.warnOnce(name, "is the Collector's own file or the sink's, not followed")
	case err == nil:
		r.tree.dirs[path.Dir(at.name)] = true
		at.path = name
		return at, true
	case errors.Is(err, errIrregular):
		// A directory that a bare star finds is what patterns go through.
		if last := path.Base(pattern); last != "*" && last != "**" || !r.tree.isDir(name) {
			r.warnOnce(name, "is not a regular file, not followed")
		}
	default:
		r.fails(name, "can't be looked at", err)
	}
	return sighting{}, false
}

// refuse counts and says once that a link is not followed.
func (r *run) refuse(name string, why error) {
	if r.first(name) {
		r.count.refused.Add(1)
		r.log.Warn("logcollect: link is not followed", "file", name, "err", why)
	}
}

// A globFS is a tree for the patterns. It lets each look into a directory but
// once, because links may make a circle of them.
type globFS struct {
	run  *run
	tree *tree
	read map[fileID]string // by what name a directory was read
}

func (g *globFS) Open(name string) (fs.File, error) {
	real, err := g.tree.resolve(name)
	if err != nil {
		return nil, err
	}
	return g.tree.open(real)
}

func (g *globFS) Stat(name string) (fs.FileInfo, error) {
	fi, err := g.tree.stat(name)
	return fi, g.run.fails(name, "can't be looked at", err)
}

// fails says that something is wrong with name, unless it is just not there.
func (r *run) fails(name, what string, err error) error {
	switch {
	case err == nil || missing(err):
	case errors.Is(err, errOutside), errors.Is(err, errCircle):
		r.refuse(name, err)
	default:
		r.warn(name, what, err)
	}
	return err
}

func (g *globFS) ReadDir(name string) ([]fs.DirEntry, error) {
	l := g.tree.list(name)
	if l.err != nil {
		return nil, g.run.fails(name, "can't be listed", l.err)
	}
	if first, ok := g.read[l.id]; ok && first != name {
		return nil, nil
	}
	g.read[l.id] = name
	return l.entries, nil
}
