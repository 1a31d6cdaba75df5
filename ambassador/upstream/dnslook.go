package upstream

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/podpatterns/podpatterns/internal/hostport"
)

// A memory has the addresses that were last found, by name and family.
type memory map[remembered][]netip.Addr

type remembered struct {
	name string
	kind dnsmessage.Type
}

// A hosted is what is found of one host.
type hosted struct {
	ips    []netip.Addr
	ttl    uint32
	known  bool // whether it has a ttl
	partly bool // the question for one family has failed
	err    error
	fresh  memory // what to remember
}

// host asks for the addresses of a name, in the domains of the search list until
// one has them. A domain that fails ends the search: to pass it over would be to
// find another host.
func (r *resolver) host(ctx context.Context, name, network string, last memory) hosted {
	h := r.search(ctx, name, network, last)
	for k, ips := range h.fresh {
		last[k] = ips
	}
	return h
}

func (r *resolver) search(ctx context.Context, name, network string, last memory) (h hosted) {
	for _, full := range r.names(name) {
		one := r.families(ctx, full, network)
		if one.err != nil {
			return hosted{err: one.err}
		}
		h.partly = one.partly
		h.fresh = memory{}
		before, hadTTL := h.ttl, h.known
		h.ttl, h.known = 0, false
		for kind, a := range one.answers {
			key := remembered{name, kind}
			if a == nil {
				h.ips = append(h.ips, last[key]...)
				continue
			}
			h.ips = append(h.ips, a.ips...)
			h.fresh[key] = a.ips
			if a.hasTTL && (!h.known || a.ttl < h.ttl) {
				h.ttl, h.known = a.ttl, true
			}
		}
		if len(h.ips) > 0 {
			break // for as long as that holds, whatever there was not before
		}
		if hadTTL && (!h.known || before < h.ttl) {
			h.ttl, h.known = before, true
		}
	}
	h.ips = sortIPs(h.ips)
	return h
}

// families are the answers for both families, nil for one that failed.
type families struct {
	answers map[dnsmessage.Type]*answer
	partly  bool
	err     error // both have failed, or one has and the other is empty
}

func (r *resolver) families(ctx context.Context, name, network string) (f families) {
	var all sync.WaitGroup
	var mu sync.Mutex
	var failed faults
	f.answers = map[dnsmessage.Type]*answer{}
	for _, kind := range []dnsmessage.Type{dnsmessage.TypeA, dnsmessage.TypeAAAA} {
		if network == "ip4" && kind == dnsmessage.TypeAAAA || network == "ip6" && kind == dnsmessage.TypeA {
			continue
		}
		all.Go(func() {
			a, err := r.ask(ctx, name, kind)
			mu.Lock()
			defer mu.Unlock()
			f.answers[kind] = a
			if err != nil {
				failed.append(err)
			}
		})
	}
	all.Wait()
	if failed.all == nil {
		return f
	}
	for _, a := range f.answers {
		if a != nil && a.rcode == dnsmessage.RCodeNameError { // of all that the name could have (RFC 8020)
			for kind := range f.answers {
				f.answers[kind] = a
			}
			return f
		}
	}
	f.partly = true
	for _, a := range f.answers {
		if a != nil && !a.empty() {
			return f
		}
	}
	f.err = failed.err()
	return f
}

// lookService asks for the targets of a service, and then for their addresses.
func (d DNS) lookService(ctx context.Context, r *resolver, last memory) (found, error) {
	var a *answer
	for _, full := range r.names(d.Service) {
		var err error
		if a, err = r.ask(ctx, full, dnsmessage.TypeSRV); err != nil {
			return found{}, err
		}
		if !a.empty() {
			break
		}
	}
	services := distinct(a.services)
	if len(services) > maxTargets {
		return found{}, fmt.Errorf("%s: %d targets are more than %d", d.Service, len(services), maxTargets)
	}
	hosts := make([]hosted, len(services))
	var all sync.WaitGroup
	slot := make(chan struct{}, 8)
	for i, s := range services {
		all.Go(func() {
			slot <- struct{}{}
			hosts[i] = r.search(ctx, fold(s.Target), d.Network, last)
			<-slot
		})
	}
	all.Wait()
	return d.targets(services, hosts, a, last)
}

// maxTargets bounds what one service makes this side ask for.
const maxTargets = 256

func (d DNS) targets(services []dnsmessage.SRVResource, hosts []hosted, a *answer, last memory) (found, error) {
	f := found{}
	ttl, known := a.ttl, a.hasTTL
	scale, least := weights(services)
	var failed faults
	kept := map[string]bool{}
	for i, s := range services {
		h := hosts[i]
		for k, ips := range h.fresh {
			last[k] = ips
		}
		name := fold(s.Target)
		kept[name] = true
		if h.err != nil {
			f.partly = true
			failed.append(h.err)
			h.ips = sortIPs(append(append([]netip.Addr{}, last[remembered{name, dnsmessage.TypeA}]...), last[remembered{name, dnsmessage.TypeAAAA}]...))
		}
		f.partly = f.partly || h.partly
		if h.known && (!known || h.ttl < ttl) {
			ttl, known = h.ttl, true
		}
		if len(h.ips) == 0 {
			continue
		}
		host := strings.TrimSuffix(name, ".")
		f.set = append(f.set, Endpoint{
			Address:    net.JoinHostPort(host, strconv.Itoa(int(s.Port))),
			Weight:     max(int(s.Weight)*scale, least),
			Priority:   int(s.Priority),
			ServerName: host,
			IPs:        h.ips,
		})
	}
	maps.DeleteFunc(last, func(k remembered, _ []netip.Addr) bool { return !kept[k.name] })
	if err := failed.err(); err != nil && len(f.set) == 0 {
		return found{}, err
	}
	f.ttl = d.clamp(ttl, known)
	return f, nil
}

// distinct leaves out what is there twice, and what is no target: the root, which
// says that there is no service, and port 0.
func distinct(all []dnsmessage.SRVResource) (kept []dnsmessage.SRVResource) {
	type place struct {
		name string
		port uint16
	}
	seen := map[place]bool{}
	for _, s := range all {
		at := place{fold(s.Target), s.Port}
		if at.name == "." || s.Port == 0 || seen[at] || checkHost(at.name) != nil {
			continue
		}
		seen[at] = true
		kept = append(kept, s)
	}
	return kept
}

func checkHost(name string) error {
	if strings.ContainsFunc(name, hostport.NotInHost) {
		return errors.New("no host")
	}
	return checkName(name)
}

// weights makes weights of 1 and more of those of RFC 2782, where 0 is a very
// small chance beside others, and the same as any if all are 0.
func weights(all []dnsmessage.SRVResource) (scale, least int) {
	zero, other := false, false
	for _, s := range all {
		zero, other = zero || s.Weight == 0, other || s.Weight > 0
	}
	if zero && other {
		return 15, 1 // 65,535 × 15 is less than maxWeight
	}
	return 1, 1
}
