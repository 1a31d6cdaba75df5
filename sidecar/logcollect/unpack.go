package logcollect

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path"
	"runtime"
	"strings"
)

// maxUnpacked is how much of a compressed file is unpacked at most.
const maxUnpacked = 1 << 30

// unpack looks for s, which is not there any more, among the compressed files of
// its directory: it is the one that has the bytes before the offset. What follows
// them is put into a file without a name, which s is read from as from one that
// was removed.
func (r *run) unpack(s *source) (found bool, err error) {
	if s.next == 0 || runtime.GOOS == "windows" { // where an open file can't be without a name
		return false, nil
	}
	files, err := r.siblings(path.Dir(s.home))
	if err != nil {
		return false, err
	}
	for _, at := range files {
		if path.Ext(at.name) != ".gz" || !continues(strings.TrimSuffix(at.name, ".gz"), s.home) {
			continue
		}
		f, err := r.unpackOne(s, at.name)
		if err == nil && s.f != nil {
			err = errors.Join(f.Close(), errors.New("several compressed files may be it"))
		}
		if errors.Is(err, errReplaced) {
			continue
		}
		if err != nil {
			r.shut(s)
			return false, fmt.Errorf("%s: %w", at.name, err)
		}
		s.f = f
		r.opened = append(r.opened, s)
	}
	if s.f == nil {
		return false, nil
	}
	at, err := lookAt(s.f, s.home)
	if err != nil {
		return false, err
	}
	delete(r.sources, s.id)
	s.id = r.unpackedID() // its own may have been given to another file
	r.sources[s.id] = s
	r.saw(s, at.size)
	return true, nil
}

// unpackedDev is the device of what is unpacked. The identity that this has in the
// filesystem may be the one of another source, which is gone.
const unpackedDev = math.MaxUint64

func (r *run) unpackedID() fileID {
	id := fileID{dev: unpackedDev}
	for r.sources[id] != nil {
		id.ino++
	}
	return id
}

// unpackOne returns what name holds of s from the guard on, at its place, or
// errReplaced if that is something else.
func (r *run) unpackOne(s *source, name string) (*os.File, error) {
	packed, _, err := open(r.root, name)
	if err != nil {
		return nil, err
	}
	defer packed.Close()
	z, err := gzip.NewReader(packed)
	if err != nil {
		return nil, errReplaced
	}
	var before guard
	before.n = int(min(guardSize, s.next))
	from := s.next - int64(before.n)
	if _, err = io.CopyN(io.Discard, z, from); err == nil {
		_, err = io.ReadFull(z, before.get())
	}
	if err != nil || before.sum() != s.sum {
		return nil, errReplaced
	}
	temp := r.d.store.tempName()
	f, err := r.root.OpenFile(temp, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, err
	}
	err = r.root.Remove(temp)
	if err == nil {
		_, err = f.WriteAt(before.get(), from)
	}
	if err == nil {
		_, err = f.Seek(s.next, io.SeekStart)
	}
	if err == nil {
		_, err = io.CopyN(f, z, maxUnpacked)
	}
	if err == nil {
		err = fmt.Errorf("more than %d bytes", maxUnpacked)
	}
	if err != io.EOF {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}
