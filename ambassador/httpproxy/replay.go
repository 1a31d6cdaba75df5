package httpproxy

import (
	"errors"
	"io"
	"sync/atomic"
)

// A replay is the body of a request that may be tried again. What passes is kept,
// up to a limit, and given to the next try before the rest, which is read only
// when that wants it.
//
// The reader of an earlier try may still be at it, as package http has the bodies
// of requests whose answer is already there: it is cut off, and what it reads at
// that moment is for its successor.
type replay struct {
	source io.ReadCloser
	max    int

	turn chan struct{} // held to read from source, and for what follows
	kept []byte
	over *replayReader // who has read more than is kept, and alone may read on
	end  error         // of source

	closed  atomic.Bool
	current atomic.Pointer[replayReader]
	gone    atomic.Bool // over is set, for who does not hold turn
	failed  atomic.Bool // end is set, and none
	free    atomic.Bool // nothing has to be kept any more
	done    atomic.Bool // no other try follows
}

var (
	errCutOff = errors.New("another try has the request's body")
	errLost   = errors.New("more of the request's body has been sent than is kept to be sent again")
)

func newReplay(source io.ReadCloser, max int) *replay {
	return &replay{source: source, max: max, turn: make(chan struct{}, 1)}
}

// begin returns the body for the next try, from its beginning.
func (p *replay) begin() io.ReadCloser {
	r := &replayReader{of: p, cut: make(chan struct{})}
	if before := p.current.Swap(r); before != nil {
		close(before.cut)
	}
	return r
}

// lost tells whether no other try can have the whole body.
func (p *replay) lost() bool { return p.gone.Load() }

// last says that the next try is the last, and so that nothing has to be kept.
func (p *replay) last() { p.free.Store(true) }

// release says that no other try begins. The last one may still read, as its
// answer can come before the body is sent, and closes the source when it does not.
func (p *replay) release() {
	p.done.Store(true)
	if r := p.current.Load(); r == nil || r.closed.Load() {
		p.Close()
	}
}

// Close closes the source.
func (p *replay) Close() error {
	if !p.closed.CompareAndSwap(false, true) {
		return nil
	}
	return p.source.Close()
}

// A replayReader is the body of one try.
type replayReader struct {
	of  *replay
	cut chan struct{} // closed when the next try begins
	at  int           // how much of what is kept it has read

	closed atomic.Bool
}

func (r *replayReader) Read(b []byte) (int, error) {
	p := r.of
	select {
	case p.turn <- struct{}{}:
	case <-r.cut:
		return 0, errCutOff
	}
	defer func() { <-p.turn }()
	if r.over() {
		return 0, errCutOff
	}
	if r.at < len(p.kept) {
		n := copy(b, p.kept[r.at:])
		r.at += n
		return n, nil
	}
	switch {
	case p.over != nil && p.over != r:
		return 0, errLost // the end of the earlier try's read came between two looks at it
	case p.end != nil || len(b) == 0:
		return 0, p.end
	case p.free.Load():
		r.keepNone()
	}
	return r.readOn(b)
}

func (r *replayReader) keepNone() {
	r.of.kept, r.of.over, r.at = nil, r, 0
	r.of.gone.Store(true)
}

// readOn reads from source what nobody has, and keeps it.
func (r *replayReader) readOn(b []byte) (int, error) {
	p := r.of
	n, err := p.source.Read(b)
	if err != nil {
		p.end = err
		p.failed.Store(err != io.EOF)
	}
	cut := r.over()
	switch {
	case p.over == r:
	case len(p.kept)+n <= p.max || cut: // what is read for the next try is kept in any case
		p.kept = append(p.kept, b[:n]...)
		r.at = len(p.kept)
	case n > 0:
		r.keepNone()
	}
	if cut {
		return 0, errCutOff
	}
	return n, err
}

func (r *replayReader) over() bool {
	select {
	case <-r.cut:
		return true
	default:
		return false
	}
}

// Close closes the source as well when no other try follows.
func (r *replayReader) Close() error {
	r.closed.Store(true)
	if r.of.done.Load() && r.of.current.Load() == r {
		return r.of.Close()
	}
	return nil
}
