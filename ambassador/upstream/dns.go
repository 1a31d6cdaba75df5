package upstream

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/podpatterns/podpatterns/internal/hostport"
)

// DNS is a Source that asks name servers, again whenever the time to live of what
// they said is over, and up to a tenth of it, at most 5 s, later by chance. Exactly
// one of Host and Service is set. It looks into no hosts file; for localhost, To is
// the one to use.
//
// With Host, each address is an endpoint of its own. With Service, each target is
// one, with all its addresses, the priority and the weight of the record (RFC
// 2782); TLS asks for the name of the target, so where DNS is not to be trusted,
// TLS.ServerName has to be set.
//
// A server that fails, or does not answer, is followed by the next, and one that
// says SERVFAIL has failed. If all fail, the last good set stays, and they are
// asked again after 1 s, then twice as long each time up to 30 s. If only the
// question for addresses of one family fails, and the other has some, or that for
// those of one target, the last good ones of these stay. But what servers say is
// believed: that there is no such name (NXDOMAIN, which is for both families), or no address of it, or that the service is "decidedly not
// available" (RFC 2782), is an empty set, for as long as the answer says
// (RFC 2308), or 5 s if it does not say.
type DNS struct {
	Host    string // "db.example:5432": its A and AAAA records
	Service string // "_postgresql._tcp.db.example": its SRV records

	// Network is "ip4" or "ip6" for addresses of one family. Empty: of both.
	Network string

	// Servers are the name servers, as "10.0.0.53" or "10.0.0.53:5353". Empty:
	// those of /etc/resolv.conf, which is read again each time. Its search list
	// and options ndots, timeout, attempts, rotate and use-vc are heeded either
	// way. Without that file it is 127.0.0.1, and on Windows an error.
	Servers []string

	Timeout time.Duration // for an answer of one server; 0: that of resolv.conf, which is 5 s by default; negative: an error
	MinTTL  time.Duration // what less counts as; 0: 1 s; negative: an error
	MaxTTL  time.Duration // what more counts as; 0: 5 min; negative, or less than MinTTL: an error

	conf string // instead of /etc/resolv.conf
}

var _ Source = DNS{}

const (
	defaultNegative = 5 * time.Second
	firstRetry      = time.Second
	lastRetry       = 30 * time.Second
)

func (d DNS) minTTL() time.Duration { return cmp.Or(d.MinTTL, time.Second) }
func (d DNS) maxTTL() time.Duration { return cmp.Or(d.MaxTTL, max(5*time.Minute, d.minTTL())) }

// Validate returns what is wrong with the fields. Nobody is asked.
func (d DNS) Validate() error {
	var wrong faults
	switch {
	case d.Host == "" && d.Service == "":
		wrong.add("Host: empty, and so is Service, so there is no name to ask for")
	case d.Host != "" && d.Service != "":
		wrong.add("Service: %q, and Host is %q; only one may be given", d.Service, d.Host)
	case d.Host != "":
		if at, err := hostport.Parse(d.Host); err != nil {
			wrong.add("Host: %q %w", d.Host, err)
		} else if err := checkName(at.Host); err != nil {
			wrong.add("Host: %q is no name to ask for: %w", d.Host, err)
		}
	default:
		if err := checkName(d.Service); err != nil {
			wrong.add("Service: %q is no name to ask for: %w", d.Service, err)
		}
	}
	if d.Network != "" && d.Network != "ip4" && d.Network != "ip6" {
		wrong.add("Network: %q is neither ip4 nor ip6", d.Network)
	}
	for i, s := range d.Servers {
		if _, err := server(s); err != nil {
			wrong.add("Servers[%d]: %q %w", i, s, err)
		}
	}
	if len(d.Servers) == 0 && runtime.GOOS == "windows" {
		wrong.add("Servers: empty, and Windows has no resolv.conf")
	}
	wrong.duration("Timeout", d.Timeout)
	wrong.duration("MinTTL", d.MinTTL)
	wrong.duration("MaxTTL", d.MaxTTL)
	if d.MaxTTL > 0 && d.MaxTTL < d.minTTL() {
		wrong.add("MaxTTL: %v is less than MinTTL, %v", d.MaxTTL, d.minTTL())
	}
	return wrong.err()
}

// checkName wants labels of 1 to 63 bytes, 253 in all (RFC 1035, 2.3.4), and no IP
// address, which nobody need ask for.
func checkName(name string) error {
	if _, err := netip.ParseAddr(name); err == nil {
		return fmt.Errorf("it is an address; To is for those")
	}
	name = strings.TrimSuffix(name, ".")
	if len(name) > 253 {
		return fmt.Errorf("it has %d bytes, and 253 is the most", len(name))
	}
	for label := range strings.SplitSeq(name, ".") {
		if len(label) == 0 || len(label) > 63 {
			return fmt.Errorf("%q has not from 1 to 63 bytes", label)
		}
	}
	return nil
}

// server adds the port.
func server(s string) (string, error) {
	if ip, err := netip.ParseAddr(s); err == nil {
		return net.JoinHostPort(ip.String(), "53"), nil
	}
	at, err := hostport.Parse(s)
	if err == nil && at.Network != "tcp" {
		err = fmt.Errorf("is no server of DNS")
	}
	return s, err
}

// resolver is as the machine and the fields say now.
func (d DNS) resolver() (*resolver, error) {
	text, err := os.ReadFile(cmp.Or(d.conf, "/etc/resolv.conf"))
	if err != nil && len(d.Servers) == 0 && !os.IsNotExist(err) {
		return nil, err
	}
	r := &resolver{parseResolvConf(string(text))}
	if len(d.Servers) > 0 {
		r.servers = nil
		for _, s := range d.Servers {
			s, err := server(s)
			if err != nil {
				return nil, err
			}
			r.servers = append(r.servers, s)
		}
	}
	r.timeout = cmp.Or(d.Timeout, r.timeout)
	return r, nil
}

// Watch asks until ctx is done.
func (d DNS) Watch(ctx context.Context, update func([]Endpoint, error)) error {
	last := memory{}
	retry := firstRetry
	for {
		var found found
		r, err := d.resolver()
		if err == nil {
			found, err = d.look(ctx, r, last)
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		wait := found.ttl
		if err != nil {
			update(nil, err)
			wait = retry
		} else {
			update(found.set, nil)
			if found.partly {
				wait = min(wait, retry)
			} else {
				retry = firstRetry
			}
		}
		if err != nil || found.partly {
			retry = min(2*retry, lastRetry)
		}
		timer := time.NewTimer(wait + rand.N(min(wait/10, 5*time.Second)+1))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		}
	}
}

// found is the result of one look.
type found struct {
	set    []Endpoint
	ttl    time.Duration
	partly bool // some of it is what was found before
}

func (d DNS) look(ctx context.Context, r *resolver, last memory) (found, error) {
	if d.Service != "" {
		return d.lookService(ctx, r, last)
	}
	at, err := hostport.Parse(d.Host)
	if err != nil {
		return found{}, err
	}
	h := r.host(ctx, at.Host, d.Network, last)
	if h.err != nil {
		return found{}, h.err
	}
	f := found{ttl: d.clamp(h.ttl, h.known), partly: h.partly}
	name := strings.TrimSuffix(at.Host, ".")
	for _, ip := range h.ips {
		f.set = append(f.set, Endpoint{Address: net.JoinHostPort(ip.String(), at.Port), ServerName: name})
	}
	return f, nil
}

// clamp is for how long an answer holds.
func (d DNS) clamp(ttl uint32, known bool) time.Duration {
	life := defaultNegative
	if known {
		life = time.Duration(ttl) * time.Second
	}
	return min(max(life, d.minTTL()), d.maxTTL())
}

func sortIPs(ips []netip.Addr) []netip.Addr {
	slices.SortFunc(ips, netip.Addr.Compare)
	return slices.Compact(ips)
}
