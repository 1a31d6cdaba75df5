package tcpproxy

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/go-multierror"
	"golang.org/x/time/rate"

	"github.com/podpatterns/podpatterns/internal/absent"
)

// validate returns all that is wrong with p's fields.
func (p *Proxy) validate() error {
	wrong := &multierror.Error{ErrorFormat: oneLine}
	add := func(format string, args ...any) { wrong = multierror.Append(wrong, fmt.Errorf(format, args...)) }
	if absent.Nil(p.Upstream) && len(p.Routes) == 0 {
		add("Upstream: nil, so there is nothing to dial; To(\"127.0.0.1:5432\") makes one")
	}
	for _, u := range p.upstreams() {
		if u.name == "Upstream" && len(p.Routes) == 0 && absent.Nil(u.Upstream) {
			continue // said
		}
		if absent.Nil(u.Upstream) {
			add("%s: nil, so there is nothing to dial", u.name)
		} else if v, ok := u.Upstream.(interface{ Validate() error }); ok {
			if err := v.Validate(); err != nil {
				add("%s: %w", u.name, err)
			}
		}
	}
	if err := p.TLS.validate(); err != nil {
		add("TLS: %w", err)
	}
	for _, name := range slices.Sorted(maps.Keys(p.Routes)) {
		if err := checkName(name); err != nil {
			add("Routes: name %q %w", name, err)
		}
	}
	for i, from := range p.ProxyFrom {
		if !from.IsValid() {
			add("ProxyFrom: entry %d, %v, is no prefix of addresses", i, from)
		} else if from.Addr().Is4In6() && from.Bits() >= 96 {
			add("ProxyFrom: %v is of IPv4 in IPv6, which no client is; say %v", from, netip.PrefixFrom(from.Addr().Unmap(), from.Bits()-96))
		}
	}
	for _, f := range []struct {
		name  string
		value time.Duration
	}{
		{"HandshakeTimeout", p.HandshakeTimeout},
		{"DialTimeout", p.DialTimeout},
		{"Idle", p.Idle},
		{"HalfCloseIdle", p.HalfCloseIdle},
		{"UserTimeout", p.UserTimeout},
		{"DrainAccept", p.DrainAccept},
		{"DrainIdle", p.DrainIdle},
	} {
		if f.value < 0 {
			add("%s: %v is negative", f.name, f.value)
		}
	}
	if p.UserTimeout > maxUserTimeout {
		add("UserTimeout: %v is more than the kernel can count, %v", p.UserTimeout, maxUserTimeout)
	}
	if p.KeepAlive > maxKeepAlive {
		add("KeepAlive: %v is more than the kernel takes, %v", p.KeepAlive, maxKeepAlive)
	}
	if p.MaxConns < 0 {
		add("MaxConns: %d is negative", p.MaxConns)
	}
	if p.MaxConnsPerClient < 0 {
		add("MaxConnsPerClient: %d is negative", p.MaxConnsPerClient)
	}
	if p.Rate != nil && p.Rate.Limit() != rate.Inf && p.Rate.Burst() < 1 {
		add("Rate: a burst of %d lets nothing through", p.Rate.Burst())
	}
	return wrong.ErrorOrNil()
}

const (
	maxUserTimeout = (1<<31 - 1) * time.Millisecond
	maxKeepAlive   = (1<<15 - 1) * time.Second // MAX_TCP_KEEPIDLE and MAX_TCP_KEEPINTVL of Linux
)

// A named Upstream is one of a Proxy's, by the field that has it.
type named struct {
	name string
	Upstream
}

func (p *Proxy) upstreams() (all []named) {
	if p.Upstream != nil {
		all = append(all, named{"Upstream", p.Upstream})
	}
	for _, name := range slices.Sorted(maps.Keys(p.Routes)) {
		all = append(all, named{fmt.Sprintf("Routes[%q]", name), p.Routes[name]})
	}
	return all
}

// oneLine keeps several errors on one line, as a log record wants them.
func oneLine(errs []error) string {
	lines := make([]string, len(errs))
	for i, err := range errs {
		lines[i] = err.Error()
	}
	return strings.Join(lines, "; ")
}
