package httpproxy

import (
	"strings"
)

// understand parses a head and sets the request's fields of x.
func (c *client) understand(x *exchange, s string) error {
	h := &x.head
	if err := h.parseRequest(s); err != nil {
		return err
	}
	l, err := measure(h.fields, h.minor)
	if err != nil {
		return err
	}
	host, err := h.authority()
	if err != nil {
		return err
	}
	x.method, x.target, x.host, x.minor = h.method, h.target, host, h.minor
	c.closing = l.both || hasToken(h.fields, "Connection", "close") ||
		h.minor == 0 && !hasToken(h.fields, "Connection", "keep-alive") || c.run.draining.Load()
	if hasToken(h.fields, "Connection", "upgrade") && h.minor > 0 {
		x.upgrade = offered(h.fields)
	}
	x.trailers = hasToken(h.fields, "TE", "trailers")
	x.expects = h.minor > 0 && same(h.fields.get("Expect"), "100-continue")
	x.saidLength = l.length >= 0
	how := requestFraming(l)
	most := x.proxy.MaxBodyBytes
	if most > 0 && l.length > most {
		return bad(413, "the body has more than %d bytes", most)
	}
	switch how {
	case noBody:
		x.length = 0
	case byLength:
		x.length = l.length
	default:
		x.length = -1
	}
	if h.minor == 0 {
		h.fields.del("Expect") // RFC 9110, 10.1.1
	}
	x.header = endToEnd(h.fields)
	c.takeBody(x, how)
	return nil
}

// offered are the protocols that a client would switch to. h2c is none: it would
// have upstream speak HTTP/2 with a client whose requests nobody looks at.
func offered(f fields) string {
	var offer []string
	for v := range f.values("Upgrade") {
		for t := range tokens(v) {
			if !same(t, "h2c") && all(t, inValue) {
				offer = append(offer, t)
			}
		}
	}
	return strings.Join(offer, ", ")
}

// takeBody finds out how much of the body has come with the head.
func (c *client) takeBody(x *exchange, how framing) {
	u := &x.body
	x.in.start(&c.wire, how, max(0, x.length), x.proxy.maxHeader())
	x.in.limit = x.proxy.MaxBodyBytes
	if how == noBody {
		u.whole = true
		return
	}
	if how == byLength && int64(c.w-c.r) >= x.length {
		u.first, u.whole = c.b[c.r:c.r+int(x.length):c.r+int(x.length)], true
		c.r += int(x.length)
		x.in.over = true
		return
	}
	u.src = &x.in
	u.after = func() { c.watch.begin(c) }
	u.unblock = func() { c.Conn.SetReadDeadline(longAgo) }
}
