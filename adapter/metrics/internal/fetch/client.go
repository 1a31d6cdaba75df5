package fetch

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"

	"github.com/podpatterns/podpatterns/pod/sandbox"
)

// A Client gets one URL. It is for one goroutine at a time, and must not be
// copied nor its fields be changed once it was used.
type Client struct {
	// URL is "http://host:port/path?query", also with user:password@, or for a
	// unix socket "unix:path:/path?query", whose path is one in the root.
	URL string

	// Limit is how many bytes a body may have, unpacked. It is above 0.
	Limit int64

	// Accept is what the header of this name says. Empty: no such header.
	Accept string

	// EndsByClose takes a body that only the end of the connection ends, because
	// what is in it shows whether it is whole.
	EndsByClose bool

	at   *address
	conn *conn
	box  *sandbox.Sandbox // that conn was dialled in
	gzip *gzip.Reader
	all  bytes.Buffer
}

const maxRedirects = 3

// Validate returns what is wrong with the fields.
func (c *Client) Validate() error {
	if c.Limit <= 0 {
		return fmt.Errorf("Limit: %d is not above 0", c.Limit)
	}
	if _, err := parse(c.URL); err != nil {
		return fmt.Errorf("URL: %w", err)
	}
	return nil
}

// String is the URL without its password, once a Get was made.
func (c *Client) String() string {
	if c.at == nil {
		return ""
	}
	return c.at.shown
}

// Get returns the body of an answer with status 200. It must be closed, before
// the next Get. The error names the URL, without its password.
func (c *Client) Get(ctx context.Context) (*Body, error) {
	if c.at == nil {
		if err := c.Validate(); err != nil {
			return nil, err
		}
		c.at, _ = parse(c.URL)
	}
	b, err := c.get(ctx)
	if err != nil {
		return nil, c.explain(ctx, err)
	}
	return b, nil
}

// Bytes returns all of the body, valid up to the next call.
func (c *Client) Bytes(ctx context.Context) ([]byte, error) {
	b, err := c.Get(ctx)
	if err != nil {
		return nil, err
	}
	defer b.Close()
	c.all.Reset()
	_, err = c.all.ReadFrom(b)
	return c.all.Bytes(), err
}

// Close closes the connection, if there is one. The next Get makes a new one.
func (c *Client) Close() {
	if c.conn != nil {
		c.conn.close()
		c.conn = nil
	}
}

func (c *Client) get(ctx context.Context) (*Body, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	uri := c.at.uri
	for range maxRedirects + 1 {
		resp, err := c.ask(ctx, uri)
		if err != nil {
			return nil, err
		}
		location := resp.Header.Get("Location")
		if resp.StatusCode/100 == 3 && location != "" {
			c.Close()
			if uri, err = c.at.redirect(uri, location); err != nil {
				return nil, err
			}
			continue
		}
		b, err := c.body(ctx, resp)
		if err != nil {
			c.Close()
			return nil, err
		}
		return b, nil
	}
	return nil, fmt.Errorf("more than %d redirects", maxRedirects)
}

// ask returns a response whose body was not read. A kept connection may have
// been closed by the server long ago, or while the request was on its way.
func (c *Client) ask(ctx context.Context, uri string) (*http.Response, error) {
	box := sandbox.From(ctx)
	if c.conn != nil && c.box != box {
		c.Close()
	}
	if c.conn != nil {
		resp, err := c.conn.ask(ctx, c.at.request(uri, c.Accept))
		if err == nil {
			return resp, nil
		}
		c.Close()
		if ctx.Err() != nil {
			return nil, err
		}
	}
	fresh, err := dial(ctx, c.at)
	if err != nil {
		return nil, err
	}
	resp, err := fresh.ask(ctx, c.at.request(uri, c.Accept))
	if err != nil {
		fresh.close()
		return nil, err
	}
	c.conn, c.box = fresh, box
	return resp, nil
}

// body looks at all that can be told before it is read.
func (c *Client) body(ctx context.Context, resp *http.Response) (*Body, error) {
	switch {
	case resp.StatusCode != http.StatusOK:
		return nil, fmt.Errorf("the answer is %s", resp.Status)
	case resp.ContentLength < 0 && len(resp.TransferEncoding) == 0 && !c.EndsByClose:
		return nil, errors.New("the body has no Content-Length, and so may be cut off")
	case resp.ContentLength > c.Limit:
		return nil, fmt.Errorf("the body has %d bytes, more than %d", resp.ContentLength, c.Limit)
	}
	b := &Body{Header: resp.Header, client: c, ctx: ctx, conn: c.conn, left: c.Limit, keep: !resp.Close}
	packed := io.LimitedReader{R: resp.Body, N: math.MaxInt64}
	switch encoding := resp.Header.Get("Content-Encoding"); encoding {
	case "", "identity":
		b.from = resp.Body
	case "gzip", "x-gzip":
		if c.gzip == nil {
			c.gzip = new(gzip.Reader)
		}
		packed.N = c.Limit + 1
		if err := c.gzip.Reset(&packed); err != nil {
			return nil, fmt.Errorf("gzip: %w", whole(err))
		}
		b.from = c.gzip
	default:
		return nil, fmt.Errorf("Content-Encoding: %.100q is not known", encoding)
	}
	return b, nil
}

// explain says what was asked, and that ctx ended if that is why it failed.
func (c *Client) explain(ctx context.Context, err error) error {
	if ended := ctx.Err(); ended != nil && !errors.Is(err, ended) {
		err = fmt.Errorf("%w: %w", ended, err)
	}
	return fmt.Errorf("%s: %w", c.at, err)
}

// whole names the end that comes too early.
func whole(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("cut off: %w", io.ErrUnexpectedEOF)
	}
	return err
}
