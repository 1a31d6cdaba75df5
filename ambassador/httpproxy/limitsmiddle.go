package httpproxy

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
)

// Handler returns one that refuses what is over the limits, and gives the rest to
// next, for a program that wants no more of this package. A wrong field of l is
// answered with 500.
func (l *Limits) Handler(next http.Handler) http.Handler {
	wrong := l.validate()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if wrong != nil {
			http.Error(w, "httpproxy: Limits: "+wrong.Error(), http.StatusInternalServerError)
			return
		}
		err := l.enter(r.Context())
		var over *limited
		switch {
		case errors.As(err, &over):
			w.Header().Set("Retry-After", over.retryAfter())
			http.Error(w, http.StatusText(over.code), over.code)
			return
		case err != nil:
			return // nobody waits for an answer any more
		}
		defer l.leave()
		next.ServeHTTP(w, r)
	})
}

// RoundTripper returns one that sends what is within the limits through next; nil
// is [http.DefaultTransport]. errors.Is finds [ErrLimited] in the errors of what is
// not. A request is over when its answer's body is closed.
func (l *Limits) RoundTripper(next http.RoundTripper) http.RoundTripper {
	if next == nil {
		next = http.DefaultTransport
	}
	return &limitTripper{limits: l, next: next, wrong: l.validate()}
}

type limitTripper struct {
	limits *Limits
	next   http.RoundTripper
	wrong  error
}

func (t *limitTripper) RoundTrip(req *http.Request) (*http.Response, error) {
	err := t.wrong
	if err == nil {
		err = t.limits.enter(req.Context())
	}
	if err != nil {
		closeBody(req)
		return nil, fmt.Errorf("httpproxy: Limits: %w", err)
	}
	res, err := t.next.RoundTrip(req)
	if err != nil {
		t.limits.leave()
		return nil, err
	}
	res.Body = onClose(res.Body, t.limits.leave)
	return res, nil
}

// onClose has a body call f when it is first closed.
func onClose(body io.ReadCloser, f func()) io.ReadCloser {
	b := &watchedBody{ReadCloser: body, closed: sync.OnceFunc(f)}
	if w, ok := body.(io.Writer); ok { // of an answer 101
		return struct {
			*watchedBody
			io.Writer
		}{b, w}
	}
	return b
}

type watchedBody struct {
	io.ReadCloser
	closed func()
}

// Close calls what watches after the body's own Close.
func (b *watchedBody) Close() error {
	defer b.closed()
	return b.ReadCloser.Close()
}
