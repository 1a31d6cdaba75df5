package prometheus

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/podpatterns/podpatterns/adapter/metrics"
	"github.com/podpatterns/podpatterns/internal/files"
	"github.com/podpatterns/podpatterns/pod/sandbox"
)

// maxFiles is how many files a pattern may match.
const maxFiles = 1000

// File is a source of what lies in files as Prometheus text, or as OpenMetrics
// where # EOF is at the end, as jobs leave it behind. One that is bad, or half
// written, is left out, logged once, and told by a series; the others are there.
// Its zero value lacks a Path. It must not be copied, nor its fields be changed,
// once it was used.
type File struct {
	// Path names a file, or with *, ? and [ several, as path.Match has it. A
	// relative one is in the container's root. A single file that is not there is
	// an error; a pattern that nothing matches is none.
	Path string

	// Labels are added to each series that has none of their names. Nil: none.
	Labels *metrics.Labels

	// MaxBytes is how long a file may be. 0: DefaultMaxBytes; negative: an error.
	MaxBytes int64

	// Strict is that of the Reader.
	Strict bool

	mu    sync.Mutex
	known map[string]*fileState
}

// A fileState is a file's.
type fileState struct {
	reader Reader
	batch  metrics.Batch
	labels *metrics.Labels
	failed string // as it was logged
	seen   bool
}

var (
	_ metrics.Source    = (*File)(nil)
	_ metrics.Validator = (*File)(nil)

	upDesc = metrics.Desc{Name: "prometheus.file.up", Kind: metrics.Gauge, Help: "1 if the file was read, 0 if it is bad: then none of its values are here."}
	atDesc = metrics.Desc{Name: "prometheus.file.mtime", Unit: "s", Kind: metrics.Gauge, Help: "When the file was written last, in Unix time."}
)

// String returns the source's name: prometheus, and after a slash Path.
func (f *File) String() string { return "prometheus/" + strings.TrimPrefix(f.Path, "/") }

// Validate tells what is wrong with the fields.
func (f *File) Validate() error {
	switch _, err := path.Match(f.Path, ""); {
	case f.Path == "":
		return errors.New("Path: empty")
	case err != nil:
		return fmt.Errorf("Path: %q: %w", f.Path, err)
	case f.MaxBytes < 0:
		return fmt.Errorf("MaxBytes: %d is negative", f.MaxBytes)
	}
	return nil
}

// Collect reads the files.
func (f *File) Collect(ctx context.Context, b *metrics.Batch) error {
	if err := f.Validate(); err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	root := sandbox.Root(ctx)
	names, err := f.names(root)
	if err != nil {
		return err
	}
	up, at := b.Family(upDesc), b.Family(atDesc)
	bad := 0
	for _, name := range names {
		if err := ctx.Err(); err != nil {
			return err
		}
		s := f.state(name)
		ok := int64(1)
		if err = s.collect(f, root, name); err == nil {
			for _, family := range s.batch.Families() {
				b.Copy(family)
			}
		} else {
			ok, bad = 0, bad+1
		}
		s.tell(ctx, name, err)
		up.Add(s.labels, metrics.Int(ok))
		if info, err := stat(root, name); err == nil {
			at.Add(s.labels, metrics.Float(float64(info.ModTime().UnixNano())/1e9))
		}
	}
	f.forget()
	if bad == len(names) && bad > 0 {
		return fmt.Errorf("%s: %w", names[bad-1], err)
	}
	return b.Err()
}

func (f *File) names(root *os.Root) ([]string, error) {
	if !strings.ContainsAny(f.Path, `*?[\`) {
		return []string{f.Path}, nil
	}
	var names []string
	var err error
	if root != nil && !filepath.IsAbs(f.Path) {
		names, err = fs.Glob(root.FS(), path.Clean(f.Path))
	} else {
		names, err = filepath.Glob(f.Path)
	}
	if err == nil && len(names) > maxFiles {
		err = fmt.Errorf("%s: %d files, and %d are allowed", f.Path, len(names), maxFiles)
	}
	slices.Sort(names)
	return names, err
}

func stat(root *os.Root, name string) (fs.FileInfo, error) {
	if root != nil && !filepath.IsAbs(name) {
		return root.Stat(name)
	}
	return os.Stat(name)
}

func (f *File) state(name string) *fileState {
	s := f.known[name]
	if s == nil {
		s = &fileState{labels: metrics.NewLabels("file", name)}
		if f.known == nil {
			f.known = map[string]*fileState{}
		}
		f.known[name] = s
	}
	s.seen = true
	return s
}

// forget drops the files that are gone.
func (f *File) forget() {
	for name, s := range f.known {
		if !s.seen {
			delete(f.known, name)
		}
		s.seen = false
	}
}

func (s *fileState) collect(f *File, root *os.Root, name string) error {
	text, err := files.Read(root, name, cmp.Or(f.MaxBytes, DefaultMaxBytes))
	if err != nil {
		return err
	}
	s.batch.Reset()
	s.reader.Strict, s.reader.Labels = f.Strict, f.Labels
	read := s.reader.Text
	if open := bytes.TrimSuffix(text, []byte("\n")); bytes.HasSuffix(open, []byte("\n# EOF")) || string(open) == "# EOF" {
		read = s.reader.OpenMetrics
	}
	return read(bytes.NewReader(text), &s.batch)
}

// tell logs what is new.
func (s *fileState) tell(ctx context.Context, name string, err error) {
	why := ""
	if err != nil {
		why = err.Error()
	}
	if why != s.failed && why != "" {
		sandbox.Logger(ctx).Warn("metrics: file left out", "file", name, "err", err)
	}
	s.failed = why
}
