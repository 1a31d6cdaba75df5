package push

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// An answer is what the server said to one request.
type answer struct {
	code   int
	header http.Header
	text   []byte // at most maxAnswer bytes of it
}

const (
	maxAnswer = 64 << 10
	maxReason = 300             // bytes of an answer that are shown
	maxAsked  = 5 * time.Minute // that a server can make the Sink wait
)

// post sends r.raw. Without an error the server has answered in full.
func (s *Sink) post(ctx context.Context) (answer, error) {
	r := s.run
	packed, encoding, err := r.pack.pack(r.raw)
	if err != nil {
		return answer{}, fmt.Errorf("compress by %s: %w", r.pack.by, err)
	}
	in, cancel := context.WithTimeout(ctx, s.timeout())
	defer cancel()
	req, err := http.NewRequestWithContext(in, http.MethodPost, s.URL, nil)
	if err != nil {
		return answer{}, s.bareError(err)
	}
	sent := &body{bytes: packed}
	defer sent.shut()
	req.ContentLength = int64(len(packed))
	req.Body = sent.reader()
	req.GetBody = func() (io.ReadCloser, error) { return sent.reader(), nil }
	s.headers(req, encoding)

	s.count.requests.Add(1)
	s.count.bytes.Add(int64(len(packed)))
	a, err := exchange(r.client, req)
	switch {
	case err != nil && ctx.Err() != nil:
		return a, s.bareError(err)
	case err != nil && in.Err() != nil:
		return a, fmt.Errorf("POST %s: no whole answer within %v: %w", bare(s.URL), s.timeout(), in.Err())
	case err != nil:
		return a, s.bareError(err)
	case a.ok() && !sent.shut():
		return a, fmt.Errorf("POST %s: answered %d before it had all of the request", bare(s.URL), a.code)
	case a.ok() && strings.HasPrefix(a.header.Get("Content-Type"), "text/html"):
		return a, fmt.Errorf("POST %s: answered %d with a page for people, so there is no log server", bare(s.URL), a.code)
	}
	return a, nil
}

func (s *Sink) headers(req *http.Request, encoding string) {
	s.run.enc.headers(req.Header)
	if encoding != "" {
		req.Header.Set("Content-Encoding", encoding)
	}
	req.Header.Set("User-Agent", "podpatterns-logcollect")
	for name, value := range s.Headers {
		if http.CanonicalHeaderKey(name) == "Host" {
			req.Host = value
		} else {
			req.Header.Set(name, value)
		}
	}
}

func exchange(c *http.Client, req *http.Request) (answer, error) {
	res, err := c.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		return answer{}, fmt.Errorf("%s, and its answer broke off: %w", res.Status, err)
	}
	return answer{res.StatusCode, res.Header, text}, nil
}

// bareError takes the URL out of err, which may have secrets in it.
func (s *Sink) bareError(err error) error {
	if inner, ok := errors.AsType[*url.Error](err); ok {
		err = inner.Err
	}
	return fmt.Errorf("POST %s: %w", bare(s.URL), err)
}

func (a answer) ok() bool { return a.code/100 == 2 }

// answered is what a says went wrong.
func (s *Sink) answered(a answer) error {
	what := fmt.Sprintf("%d %s", a.code, http.StatusText(a.code))
	if to := a.header.Get("Location"); to != "" {
		what += " to " + bare(to)
	}
	if why := strings.TrimSpace(s.run.enc.reason(a.text)); why != "" {
		what += ": " + strconv.Quote(why[:min(len(why), maxReason)])
	}
	return fmt.Errorf("POST %s: %s", bare(s.URL), what)
}

// wait is how long the server wants not to be asked again, 0 if it says nothing.
func (a answer) wait() time.Duration {
	text := a.header.Get("Retry-After")
	var wait time.Duration
	if seconds, err := strconv.ParseInt(text, 10, 32); err == nil {
		wait = time.Duration(seconds) * time.Second
	} else if at, err := http.ParseTime(text); err == nil {
		now, err := http.ParseTime(a.header.Get("Date")) // by its own clock
		if err != nil {
			now = time.Now()
		}
		wait = at.Sub(now)
	}
	return min(max(wait, 0), maxAsked)
}
