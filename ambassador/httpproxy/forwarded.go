package httpproxy

import (
	"fmt"
	"net/netip"
	"strings"
)

// Forwarded says what upstream is told of a request's way here. By default, with
// nil, nobody is believed: Forwarded, X-Real-IP and all fields whose name begins
// with X-Forwarded- are removed, and X-Forwarded-For, X-Forwarded-Host and
// X-Forwarded-Proto tell the client's address, the host that it asked for, and
// whether it used TLS.
type Forwarded struct {
	// Trusted are the proxies in front of this one. What they say stays: their
	// address is added to X-Forwarded-For and Forwarded, and the other fields are
	// only set where they have not. A unix socket's peer is never one. nil: none;
	// one that is no prefix, or is of IPv4 in IPv6, is an error.
	Trusted []netip.Prefix

	// Standard has the field Forwarded (RFC 7239) instead of the three. Those that
	// came from a trusted peer are then removed, as the two could differ.
	Standard bool
}

// trusts tells whether addr is a proxy's that is believed.
func (f *Forwarded) trusts(addr netip.Addr) bool {
	if f == nil || !addr.IsValid() {
		return false
	}
	for _, p := range f.Trusted {
		if p.Contains(addr) {
			return true
		}
	}
	return false
}

const forwardedPrefix = "X-Forwarded-"

// ofWay tells whether a field tells of a request's way.
func ofWay(name string) bool {
	return len(name) > len(forwardedPrefix) && strings.EqualFold(name[:len(forwardedPrefix)], forwardedPrefix) ||
		same(name, "Forwarded") || same(name, "X-Real-IP")
}

// A way is how a request has come here.
type way struct {
	peer   netip.Addr // invalid: of a unix socket
	text   string     // peer's
	host   string     // that was asked for
	secure bool
}

func (w way) proto() string {
	if w.secure {
		return "https"
	}
	return "http"
}

// A peerText is the text of an address, made anew only when that is another one.
// Many requests in a row have the same: a connection's do, and those in a pod.
type peerText struct {
	addr netip.Addr
	text string
}

func (p *peerText) of(addr netip.Addr) string {
	if p.addr != addr {
		*p = peerText{addr, addr.String()}
	}
	return p.text
}

// tell changes h so that it tells of w.
func (f *Forwarded) tell(h *fields, w way) {
	trusted := f.trusts(w.peer)
	if !trusted {
		h.drop(ofWay)
	}
	if f != nil && f.Standard {
		before := h.join("Forwarded")
		h.drop(func(name string) bool { return ofWay(name) && !same(name, "X-Real-IP") })
		h.add("Forwarded", element(before, w))
		return
	}
	if w.peer.IsValid() {
		who := w.text
		if before := h.join("X-Forwarded-For"); before != "" {
			who = before + ", " + who
		}
		h.set("X-Forwarded-For", who)
	}
	if w.host != "" && !h.has("X-Forwarded-Host") {
		h.set("X-Forwarded-Host", w.host)
	}
	if !h.has("X-Forwarded-Proto") {
		h.set("X-Forwarded-Proto", w.proto())
	}
	if before := h.join("Forwarded"); before != "" { // a reader of that one must not miss this hop
		h.set("Forwarded", element(before, w))
	}
}

// element adds w to a value of Forwarded.
func element(before string, w way) string {
	var b strings.Builder
	if before != "" {
		b.WriteString(before)
		b.WriteString(", ")
	}
	switch {
	case w.peer.Is6():
		fmt.Fprintf(&b, `for="[%v]"`, w.peer)
	case w.peer.IsValid():
		fmt.Fprintf(&b, "for=%v", w.peer)
	default:
		b.WriteString("for=unknown")
	}
	if w.host != "" {
		b.WriteString(`;host="`)
		for i := range len(w.host) {
			if c := w.host[i]; c == '"' || c == '\\' {
				b.WriteByte('\\')
			}
			b.WriteByte(w.host[i])
		}
		b.WriteByte('"')
	}
	b.WriteString(";proto=")
	b.WriteString(w.proto())
	return b.String()
}

// client is where a request first came from, as far as it is believed: of what
// the proxies have told the last address that is not one of theirs.
func (f *Forwarded) client(h fields, peer netip.Addr) netip.Addr {
	if !f.trusts(peer) {
		return peer
	}
	told := h.join("X-Forwarded-For")
	for told != "" {
		at := strings.LastIndexByte(told, ',')
		addr, err := netip.ParseAddr(bare(told[at+1:]))
		if err != nil {
			return peer
		}
		peer = addr.Unmap().WithZone("")
		if !f.trusts(peer) {
			return peer
		}
		told = told[:max(at, 0)]
	}
	return peer
}

// bare is an address without what some add: a port, and brackets.
func bare(s string) string {
	s = strings.Trim(s, " \t")
	if ap, err := netip.ParseAddrPort(s); err == nil {
		return ap.Addr().String()
	}
	return strings.TrimSuffix(strings.TrimPrefix(s, "["), "]")
}

// drop removes the fields that f is true for.
func (h *fields) drop(f func(name string) bool) {
	kept := (*h)[:0]
	for _, one := range *h {
		if !f(one.name) {
			kept = append(kept, one)
		}
	}
	*h = kept
}

// join makes one value of all of a field (RFC 9110, 5.3).
func (h fields) join(name string) string {
	all := ""
	for v := range h.values(name) {
		if all == "" {
			all = v
		} else {
			all += ", " + v
		}
	}
	return all
}

// validate returns what is wrong with f's fields.
func (f *Forwarded) validate() error {
	if f == nil {
		return nil
	}
	for i, p := range f.Trusted {
		if !p.IsValid() {
			return fmt.Errorf("Trusted: entry %d, %v, is no prefix of addresses", i, p)
		}
		if p.Addr().Is4In6() {
			return fmt.Errorf("Trusted: %v is of IPv4 in IPv6, which no client is", p)
		}
	}
	return nil
}
