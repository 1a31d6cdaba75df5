package httpproxy

import (
	"io"
	"net/http"
	"strconv"
)

// inform passes an interim answer on. What goes wrong shows later.
func (c *client) inform(h *head) {
	b := appendStatus(nil, h.status, h.reason)
	b = appendFields(b, h.fields)
	c.Conn.Write(append(b, "\r\n"...))
}

func appendStatus(b []byte, status int, reason string) []byte {
	b = append(b, "HTTP/1.1 "...)
	b = strconv.AppendInt(b, int64(status), 10)
	b = append(b, ' ')
	if reason == "" {
		reason = http.StatusText(status)
	}
	b = append(b, reason...)
	return append(b, "\r\n"...)
}

// relay passes an answer on.
func (c *client) relay(x *exchange, a *answer) error {
	if a.upgrade != "" || x.method == "CONNECT" && a.status < 300 {
		return c.join(x, a)
	}
	x.frame.conn = c.Conn
	c.appendHead(x, a)
	return c.relayBody(x, a)
}

// appendHead puts the head of an answer into the frame, which it makes fit for the
// body.
func (c *client) appendHead(x *exchange, a *answer) {
	f := &x.frame
	f.chunked = false
	b := appendStatus(f.out[:0], a.status, a.reason)
	b = appendFields(b, a.header)
	switch a.how {
	case noBody:
		if a.length >= 0 && a.status >= 200 && a.status != 204 {
			b = appendLength(b, a.length)
		}
	case byLength:
		b = appendLength(b, a.length)
	default:
		if x.minor > 0 {
			f.chunked = true
			b = append(b, "Transfer-Encoding: chunked\r\n"...)
		} else {
			c.closing = true // its end is the end of the connection
		}
	}
	if !x.body.whole && !x.body.read.Load() {
		c.closing = true // it may stop to send, and has to know that
	}
	f.out = append(c.appendConnection(b, x), "\r\n"...)
}

// appendConnection says whether the connection is kept.
func (c *client) appendConnection(b []byte, x *exchange) []byte {
	c.closing = c.closing || c.run.draining.Load()
	switch {
	case c.closing:
		b = append(b, "Connection: close\r\n"...)
	case x.minor == 0:
		b = append(b, "Connection: keep-alive\r\n"...)
	}
	return b
}

// relayBody sends the head, which is in the frame, with what there is of the body,
// and then the rest as it comes.
func (c *client) relayBody(x *exchange, a *answer) error {
	f, src := &x.frame, a.src
	if a.how == noBody {
		return f.flush()
	}
	for {
		if !src.ready() || len(f.out) >= bufferSize {
			if err := f.flush(); err != nil {
				return err
			}
			if n, ok, err := c.splice(x, a); ok {
				x.bytesOut += n
				return err
			}
		}
		p, err := src.next()
		if err == io.EOF {
			return f.end(src.trailer())
		}
		if err != nil {
			f.flush()
			return abort{err}
		}
		x.bytesOut += int64(len(p))
		if !f.chunked && len(f.out) == 0 {
			err = f.write(p)
		} else {
			f.add(p)
		}
		if err != nil {
			return err
		}
	}
}

// refuse sends an answer of the proxy's own.
func (c *client) refuse(x *exchange, r *refusal) {
	x.status = r.status
	if !x.body.whole && !x.body.read.Load() {
		c.closing = true
	}
	text := strconv.Itoa(r.status) + " " + http.StatusText(r.status) + "\n"
	b := appendStatus(x.frame.out[:0], r.status, "")
	b = appendFields(b, r.header)
	b = append(b, "Content-Type: text/plain; charset=utf-8\r\n"...)
	b = appendLength(b, int64(len(text)))
	b = append(c.appendConnection(b, x), "\r\n"...)
	if x.method != "HEAD" {
		b = append(b, text...)
		x.bytesOut = int64(len(text))
	}
	_, err := c.Conn.Write(b)
	if x.frame.out = b[:0]; err != nil {
		c.closing = true
	}
}
