package httpproxy

import (
	"io"
	"net/http"
)

// A readerSource is a body of net/http.
type readerSource struct {
	r    io.Reader
	ends func() http.Header // the trailer, when the body is over
	buf  *[bufferSize]byte
	err  error

	total, limit int64
	want         int64 // its length; 0: that is not known
}

func (s *readerSource) next() ([]byte, error) {
	if s.err != nil {
		s.release()
		return nil, s.err
	}
	if s.buf == nil {
		s.buf = buffers.Get().(*[bufferSize]byte)
	}
	for range maxEmptyReads {
		n, err := s.r.Read(s.buf[:])
		s.err = err
		if s.total += int64(n); s.limit > 0 && s.total > s.limit {
			s.err = bad(413, "the body has more than %d bytes", s.limit)
			return nil, s.err
		}
		if s.want > 0 && s.total == s.want && err == nil {
			s.err = io.EOF // it need not be asked, and might make one wait
		}
		if n > 0 {
			return s.buf[:n], nil
		}
		if err != nil {
			s.release()
			return nil, err
		}
	}
	return nil, io.ErrNoProgress
}

const maxEmptyReads = 100

func (s *readerSource) release() {
	if s.buf != nil {
		buffers.Put(s.buf)
		s.buf = nil
	}
}

func (s *readerSource) trailer() fields {
	if s.ends == nil {
		return nil
	}
	var f fields
	for name, values := range s.ends() {
		for _, v := range values {
			if isToken(name) && all(v, inValue) && !hopByHop(name) {
				f.add(name, v)
			}
		}
	}
	return f
}

func (s *readerSource) ready() bool { return s.err != nil }
func (s *readerSource) last() bool  { return s.err == io.EOF }

// fieldsOf has the fields of a header, and an error if one of them is none.
func fieldsOf(f fields, h http.Header) (fields, error) {
	for name, values := range h {
		for _, v := range values {
			if !isToken(name) {
				return f, bad(400, "header name %.40q is no token", name)
			}
			if !all(v, inValue) {
				return f, bad(400, "header %s has a control character", name)
			}
			f = append(f, field{name, v})
		}
	}
	return f, nil
}

func addTo(h http.Header, f fields) {
	for i := range f {
		h.Add(f[i].name, f[i].value)
	}
}
