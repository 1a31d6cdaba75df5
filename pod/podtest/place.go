package podtest

import (
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// A place is an address on the network: a host and port, or the path of a unix
// socket.
type place struct {
	kind string // "tcp", "udp" or "unix"
	netip.AddrPort
	path string
}

func (p place) addr() net.Addr {
	switch p.kind {
	case "tcp":
		return net.TCPAddrFromAddrPort(p.AddrPort)
	case "udp":
		return net.UDPAddrFromAddrPort(p.AddrPort)
	}
	return &net.UnixAddr{Name: p.path, Net: "unix"}
}

func (p place) wildcard() bool { return p.path == "" && p.Addr().IsUnspecified() }

// reached returns where p leads to when it is dialled: the unspecified address
// leads to the loopback.
func (p place) reached() place {
	if p.wildcard() {
		ip := netip.AddrFrom4([4]byte{127, 0, 0, 1})
		if p.Addr().Is6() {
			ip = netip.IPv6Loopback()
		}
		p.AddrPort = netip.AddrPortFrom(ip, p.Port())
	}
	return p
}

// from returns the address of who dials p. On one machine that is the host that
// is dialled; a unix client has no name.
func (p place) from(port uint16) place {
	if p.kind == "unix" {
		return place{kind: "unix"}
	}
	return place{kind: p.kind, AddrPort: netip.AddrPortFrom(p.Addr(), port)}
}

// placeLocked reads an address of one of the kinds.
func (n *Network) placeLocked(network, address string, kinds ...string) (place, error) {
	kind := strings.TrimRight(network, "46")
	if !slices.Contains(kinds, kind) {
		return place{}, net.UnknownNetworkError(network)
	}
	if kind == "unix" {
		if address == "" {
			return place{}, &net.AddrError{Err: "missing path of a unix socket"}
		}
		return place{kind: kind, path: address}, nil
	}
	host, service, err := net.SplitHostPort(address)
	if err != nil {
		return place{}, err
	}
	port, err := strconv.ParseUint(service, 10, 16)
	if err != nil {
		return place{}, &net.AddrError{Err: "invalid port", Addr: service}
	}
	return place{kind: kind, AddrPort: netip.AddrPortFrom(n.hosts.lookup(host), uint16(port))}, nil
}

// hosts gives every name that is no IP address an address of its own, from the
// block that is set apart for benchmarks (RFC 2544) and thus no one's.
type hosts map[string]netip.Addr

func (h *hosts) lookup(host string) netip.Addr {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	switch host {
	case "":
		return netip.IPv4Unspecified()
	case "localhost":
		return netip.AddrFrom4([4]byte{127, 0, 0, 1})
	}
	if ip, err := netip.ParseAddr(host); err == nil {
		return ip.Unmap().WithZone("")
	}
	ip, known := (*h)[host]
	if !known {
		if *h == nil {
			*h = hosts{}
		}
		i := len(*h) + 1
		ip = netip.AddrFrom4([4]byte{198, 18, byte(i >> 8), byte(i)})
		(*h)[host] = ip
	}
	return ip
}

// A table is what is bound, by its place.
type table[T any] map[place]T

// find returns what is reached at p.
func (t table[T]) find(p place) (T, bool) {
	if v, ok := t[p]; ok || p.kind == "unix" {
		return v, ok
	}
	for _, ip := range []netip.Addr{netip.IPv4Unspecified(), netip.IPv6Unspecified()} {
		p.AddrPort = netip.AddrPortFrom(ip, p.Port())
		if v, ok := t[p]; ok {
			return v, true
		}
	}
	var none T
	return none, false
}

// taken says whether p overlaps with what is bound.
func (t table[T]) taken(p place) bool {
	if _, ok := t.find(p); ok || !p.wildcard() {
		return ok
	}
	for q := range t {
		if q.kind == p.kind && q.Port() == p.Port() {
			return true
		}
	}
	return false
}

const (
	firstEphemeral = 49152 // RFC 6335, section 6
	ephemeralPorts = 1<<16 - firstEphemeral
)

func nextPort(last uint16) uint16 { return max(last+1, firstEphemeral) }

// bind puts v into t, at a free port where *at has port 0.
func bind[T any](t *table[T], last *uint16, at *place, v T) error {
	p := *at
	if p.kind != "unix" && p.Port() == 0 {
		for range ephemeralPorts {
			*last = nextPort(*last)
			p.AddrPort = netip.AddrPortFrom(p.Addr(), *last)
			if !t.taken(p) {
				break
			}
		}
	}
	if t.taken(p) {
		return failed("bind", syscall.EADDRINUSE)
	}
	if *t == nil {
		*t = table[T]{}
	}
	(*t)[p], *at = v, p
	return nil
}
