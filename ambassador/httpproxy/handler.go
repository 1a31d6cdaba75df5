package httpproxy

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"
)

var _ http.Handler = (*Proxy)(nil)

// ServeHTTP answers one request of a server of net/http, over any version of HTTP,
// as Serve does. Without a Serve or [Proxy.Run] under way only Clusters of fixed
// addresses work, and nothing is checked.
func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := exchanges.Get().(*exchange)
	d := &writer{w: w, r: r, control: http.NewResponseController(w)}
	x.proxy, x.ctx, x.down = p, r.Context(), d
	err := d.understand(x)
	if err != nil {
		d.refuse(x, refusalOf(err))
	} else {
		stop := context.AfterFunc(r.Context(), x.abandon)
		x.serve()
		x.body.stop()
		d.broken = d.broken || x.brokenOff() // to return would send what looks whole
		if stop() {                          // else x may still be in use by abandon
			x.reset()
			exchanges.Put(x)
		}
	}
	if d.broken {
		panic(http.ErrAbortHandler)
	}
}

// A writer is the downstream of a server of net/http.
type writer struct {
	w       http.ResponseWriter
	r       *http.Request
	control *http.ResponseController
	broken  bool // the client has to learn that its answer is not whole
}

// understand sets the request's fields of x.
func (d *writer) understand(x *exchange) error {
	r := d.r
	x.began = time.Now()
	x.major, x.minor, x.secure = r.ProtoMajor, r.ProtoMinor, r.TLS != nil
	x.remote = addrOf(r.RemoteAddr)
	x.local, _ = r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	h := &x.head
	*h = head{method: r.Method, target: targetOf(r), minor: 1, fields: append(h.fields[:0], field{"Host", r.Host})}
	if !isToken(h.method) || h.target == "" || !all(h.target, inTarget) {
		return bad(400, "malformed method or target")
	}
	host, err := h.authority()
	if err != nil {
		return err
	}
	if h.method == "CONNECT" && r.ProtoMajor > 1 {
		return bad(501, "CONNECT in HTTP/2")
	}
	x.method, x.target, x.host = h.method, h.target, host
	if err := x.takeHeader(r); err != nil {
		return err
	}
	x.length = r.ContentLength
	if r.Body == nil || r.Body == http.NoBody {
		x.length = 0
	}
	x.takeReader(r)
	x.body.unblock = func() {
		if r.ProtoMajor == 1 {
			d.control.SetReadDeadline(longAgo)
		} else {
			r.Body.Close()
		}
	}
	if r.ProtoMajor == 1 && x.length != 0 {
		d.control.EnableFullDuplex()
	}
	return x.checkLength()
}

// takeHeader sets what the header of a request of net/http says.
func (x *exchange) takeHeader(r *http.Request) error {
	f, err := fieldsOf(x.head.fields[:0], r.Header)
	if err != nil {
		return err
	}
	x.saidLength = r.Header.Get("Content-Length") != ""
	x.trailers = hasToken(f, "TE", "trailers")
	if r.ProtoMajor == 1 && hasToken(f, "Connection", "upgrade") {
		x.upgrade = offered(f)
	}
	f.del("Expect") // net/http answers it when the body is read
	for name := range r.Trailer {
		f = append(f, field{"Trailer", name})
	}
	x.head.fields = f
	x.header = endToEnd(f)
	return nil
}

// takeReader has the body come from that of a request of net/http.
func (x *exchange) takeReader(r *http.Request) {
	x.body.fresh(x)
	if x.length == 0 {
		x.body.whole = true
		return
	}
	x.body.src = &readerSource{r: r.Body, limit: x.proxy.MaxBodyBytes, want: max(0, x.length), ends: func() http.Header { return r.Trailer }}
}

func (x *exchange) checkLength() error {
	if most := x.proxy.MaxBodyBytes; most > 0 && x.length > most {
		return bad(413, "the body has more than %d bytes", most)
	}
	return nil
}

// targetOf is the target as it came, unless a handler before has changed the URL.
func targetOf(r *http.Request) string {
	if r.RequestURI == "" || r.Method == "CONNECT" {
		return r.RequestURI
	}
	if !strings.HasPrefix(r.RequestURI, "/") {
		return r.RequestURI
	}
	now := r.URL.RequestURI()
	if now == r.RequestURI {
		return now
	}
	came, err := url.ParseRequestURI(r.RequestURI)
	if err == nil && came.Path == r.URL.Path && came.RawPath == r.URL.RawPath && came.RawQuery == r.URL.RawQuery {
		return r.RequestURI
	}
	return now
}

func addrOf(s string) net.Addr {
	if a, err := netip.ParseAddrPort(s); err == nil {
		return net.TCPAddrFromAddrPort(a)
	}
	return nil
}

func (d *writer) inform(h *head) {
	out := d.w.Header()
	addTo(out, h.fields)
	d.w.WriteHeader(h.status)
	clear(out)
}

func (d *writer) relay(x *exchange, a *answer) error {
	if a.upgrade != "" || x.method == "CONNECT" && a.status < 300 {
		return d.join(x, a)
	}
	out := d.w.Header()
	addTo(out, a.header)
	if a.length >= 0 && (a.how != noBody || a.status >= 200 && a.status != 204) {
		out.Set("Content-Length", strconv.FormatInt(a.length, 10))
	}
	if d.r.ProtoMajor == 1 && !x.body.whole && !x.body.read.Load() {
		out.Set("Connection", "close")
	}
	d.w.WriteHeader(a.status)
	if a.how == noBody {
		return nil
	}
	err := d.relayBody(x, a)
	if err != nil {
		d.broken = true
	}
	return err
}

// relayBody sends what there is at once when more has to be waited for.
func (d *writer) relayBody(x *exchange, a *answer) error {
	src := a.src
	for {
		if !src.ready() {
			if err := d.control.Flush(); err != nil {
				return err
			}
		}
		p, err := src.next()
		if err == io.EOF {
			for _, f := range src.trailer() {
				d.w.Header().Add(http.TrailerPrefix+f.name, f.value)
			}
			return nil
		}
		if err != nil {
			return abort{err}
		}
		x.bytesOut += int64(len(p))
		if _, err := d.w.Write(p); err != nil {
			return err
		}
	}
}

func (d *writer) refuse(x *exchange, r *refusal) {
	x.status = r.status
	out := d.w.Header()
	addTo(out, r.header)
	text := strconv.Itoa(r.status) + " " + http.StatusText(r.status) + "\n"
	out.Set("Content-Type", "text/plain; charset=utf-8")
	out.Set("Content-Length", strconv.Itoa(len(text)))
	if d.r.ProtoMajor == 1 && x.length != 0 {
		out.Set("Connection", "close")
	}
	d.w.WriteHeader(r.status)
	if d.r.Method != "HEAD" {
		n, _ := io.WriteString(d.w, text)
		x.bytesOut = int64(n)
	}
}
