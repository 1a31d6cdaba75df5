package tcpproxy

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/podpatterns/podpatterns/internal/peeked"
)

// greet has the client say all that comes before its bytes: from where it comes,
// by a PROXY header, and whom it wants, by TLS. It returns false where p ends
// with that.
func (p *pair) greet() bool {
	x := p.run.proxy
	x.tune(p.client)
	secure, ends := p.client.(*tls.Conn)
	trusted := x.trusts(p.remote)
	if trusted || ends || p.run.tls != nil || len(x.Routes) > 0 {
		limit := time.AfterFunc(x.handshakeTimeout(), func() { p.refuse(errSlow) })
		defer limit.Stop()
	}
	if trusted {
		h, after, err := readHeader(p.client)
		if err != nil {
			return p.refuse(err)
		}
		if !h.Command.IsLocal() && h.SourceAddr != nil {
			p.from, p.dest = h.SourceAddr, h.DestinationAddr
		}
		p.replace(&peeked.Conn{Conn: p.client, Ahead: after})
	}
	if !p.admit() {
		p.end(crowded)
		return false
	}
	if p.run.tls != nil {
		secure, ends = tls.Server(p.client, p.run.tls), true
		p.replace(secure)
	}
	switch {
	case ends:
		if err := secure.Handshake(); err != nil {
			return p.refuse(err)
		}
		return p.direct(secure.ConnectionState().ServerName)
	case len(x.Routes) > 0:
		name, read, err := readHello(p.client)
		if err != nil {
			return p.refuse(err)
		}
		inner, rest := unpeek(p.client)
		p.replace(&peeked.Conn{Conn: inner, Ahead: append(read, rest...)})
		return p.direct(name)
	}
	return true
}

var errSlow = errors.New("took longer than HandshakeTimeout")

// direct chooses the upstream for the server name that the client asks for.
func (p *pair) direct(name string) bool {
	if p.to = p.run.proxy.route(name); p.to == nil {
		return p.refuse(fmt.Errorf("server name %q is in no route", name))
	}
	return true
}

// admit counts the client's address, unless there are too many of it. A client
// without one, as of a unix socket, is not counted.
func (p *pair) admit() bool {
	most, addr := p.run.proxy.MaxConnsPerClient, addressOf(p.from)
	if most == 0 || !addr.IsValid() {
		return true
	}
	if !p.run.crowd.enter(addr, most) {
		return false
	}
	p.addr = addr
	return true
}

func (p *pair) replace(client net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.client = client
}

// refuse ends p for what came before its bytes, and returns false. The log has
// the first one of a run, since anybody can cause many.
func (p *pair) refuse(err error) bool {
	if !p.end(refused) {
		return false
	}
	log := p.run.log.Debug
	if p.run.refused.CompareAndSwap(false, true) {
		log = p.run.log.Warn
	}
	log("client connection refused", "client", p.remote, "err", err)
	return false
}
