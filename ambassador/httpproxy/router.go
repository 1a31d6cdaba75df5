package httpproxy

import (
	"fmt"
	"slices"
	"strings"
)

// A plan is what becomes of the requests of a Route.
type plan struct {
	*Route
	name    string
	matcher matcher
	edits   edits
	parts   parts
	counts  routeCounters
}

// A router finds the plan of a request.
type router struct {
	plans []*plan            // in the order of the Routes, the Proxy's own last
	hosts map[string][]*plan // for each Host without a wildcard what may match, what asks for most first
	other []*plan            // the same for all other hosts
}

// newRouter returns all that is wrong with routes, and own, which is for what none
// of them matches; nil is none.
func newRouter(routes []Route, own *Route, wrong func(error)) *router {
	r := &router{hosts: map[string][]*plan{}}
	names := map[string]int{}
	for i := range routes {
		p, err := newPlan(&routes[i])
		if err != nil {
			wrong(fmt.Errorf("Routes: entry %d, %q: %w", i, p.name, err))
			continue
		}
		if before, twice := names[p.name]; twice {
			wrong(fmt.Errorf("Routes: entry %d has the name of entry %d, %q", i, before, p.name))
		}
		names[p.name] = i
		r.plans = append(r.plans, p)
	}
	if own != nil {
		p, err := newPlan(own)
		if err != nil {
			wrong(err)
		}
		p.name = ""
		r.plans = append(r.plans, p)
	}
	ordered := slices.Clone(r.plans)
	slices.SortStableFunc(ordered, func(a, b *plan) int { return a.matcher.before(&b.matcher) })
	if own != nil && len(r.plans) > 1 { // it comes after all others, also after those that ask for nothing
		last := r.plans[len(r.plans)-1]
		ordered = append(slices.DeleteFunc(ordered, func(p *plan) bool { return p == last }), last)
	}
	for _, p := range ordered {
		if p.matcher.host != "" && !p.matcher.wild {
			r.hosts[p.matcher.host] = nil
		}
	}
	for host := range r.hosts {
		for _, p := range ordered {
			if m := &p.matcher; m.host == "" || m.host == host && !m.wild || m.wild && strings.HasSuffix(host, m.host) {
				r.hosts[host] = append(r.hosts[host], p)
			}
		}
	}
	for _, p := range ordered {
		if p.matcher.host == "" || p.matcher.wild {
			r.other = append(r.other, p)
		}
	}
	return r
}

// find returns the plan of x, and nil if there is none.
func (r *router) find(x *exchange) *plan {
	if len(r.plans) == 1 && r.plans[0].name == "" {
		return r.plans[0] // no Routes, and nothing to look at
	}
	host, path := "", x.path()
	all := r.other
	if len(r.hosts) > 0 || len(r.other) > 0 {
		host = bareHost(x.host)
	}
	if some, ok := r.hosts[host]; ok {
		all = some
	}
	for _, p := range all {
		if p.matcher.matches(x, host, path) {
			return p
		}
	}
	return nil
}

func newPlan(r *Route) (p *plan, err error) {
	p = &plan{Route: r, name: r.Name}
	if p.name == "" {
		p.name = r.Host + r.Path + r.PathPrefix
	}
	if p.name == "" {
		p.name = "*"
	}
	if p.matcher, err = newMatcher(r); err != nil {
		return p, err
	}
	if p.edits, err = newEdits(r); err != nil {
		return p, fmt.Errorf("Rewrite: %w", err)
	}
	if p.parts, err = newParts(r.Split); err != nil {
		return p, fmt.Errorf("Split: %w", err)
	}
	if r.Upstream == nil && (r.Split == nil || slices.ContainsFunc(r.Split.Parts, func(p Part) bool { return p.Upstream == nil })) {
		return p, fmt.Errorf("Upstream: nil, and there is no Split whose parts all have one, so there is nowhere to go")
	}
	for _, part := range []struct {
		name string
		err  error
	}{
		{"Retry", r.Retry.validate()},
		{"Limits", r.Limits.validate()},
		{"Key", r.Key.validate()},
		{"Shadow", r.Shadow.validate()},
	} {
		if part.err != nil {
			return p, fmt.Errorf("%s: %w", part.name, part.err)
		}
	}
	return p, nil
}
