package httpproxy

import (
	"context"
	"fmt"
	"sync"

	"github.com/podpatterns/podpatterns/ambassador/upstream"
)

// A cluster is one that requests may go to, by the field that has it.
type cluster struct {
	name  string
	http2 bool
	*upstream.Cluster
}

// A policyRun is what a Proxy keeps for its policies.
type policyRun struct {
	once   sync.Once
	router *router
	shadow shadows
}

// own is the Route for what no Route matches; nil is none.
func (p *Proxy) own() *Route {
	if p.Upstream == nil {
		return nil
	}
	return &Route{Upstream: p.Upstream, HTTP2: p.HTTP2, Retry: p.Retry, Limits: p.Limits, Key: p.Key}
}

// validatePolicy adds what is wrong with the fields that are the policies', and with
// the Clusters.
func (p *Proxy) validatePolicy(add func(format string, args ...any)) {
	if p.Upstream == nil && len(p.Routes) == 0 {
		validateUpstream("Upstream", nil, false, add)
	}
	seen := map[*upstream.Cluster]cluster{}
	for _, c := range p.clusters() {
		before, again := seen[c.Cluster]
		switch seen[c.Cluster] = c; {
		case !again:
			validateUpstream(c.name, c.Cluster, c.http2, add)
		case before.http2 != c.http2: // its idle connections are kept together
			add("%s: the Cluster is that of %s, and HTTP2 is not the same for both", c.name, before.name)
		}
	}
	newRouter(p.Routes, p.own(), func(err error) { add("%w", err) })
	for _, part := range []struct {
		name string
		err  error
	}{{"Forwarded", p.Forwarded.validate()}, {"Log", p.Log.validate()}} {
		if part.err != nil {
			add("%s: %w", part.name, part.err)
		}
	}
}

// clusters are all that p sends requests to, each as often as a field has it.
func (p *Proxy) clusters() (all []cluster) {
	add := func(name string, c *upstream.Cluster, http2 bool) {
		if c != nil {
			all = append(all, cluster{name, http2, c})
		}
	}
	add("Upstream", p.Upstream, p.HTTP2)
	for i := range p.Routes {
		r := &p.Routes[i]
		name := fmt.Sprintf("Routes[%d].", i)
		add(name+"Upstream", r.Upstream, r.HTTP2)
		if r.Split != nil {
			for j, part := range r.Split.Parts {
				add(fmt.Sprintf("%sSplit.Parts[%d].Upstream", name, j), part.Upstream, part.HTTP2)
			}
		}
		if r.Shadow != nil {
			add(name+"Shadow.Upstream", r.Shadow.Upstream, r.Shadow.HTTP2)
		}
	}
	return all
}

// begin prepares what is made of p's fields, once.
func (p *Proxy) begin() *policyRun {
	p.policy.once.Do(func() { p.policy.router = newRouter(p.Routes, p.own(), func(error) {}) })
	return &p.policy
}

// startPolicy is called when p begins to serve, with a context that ends when the
// grace period does. stop waits for what the policies have under way.
func (p *Proxy) startPolicy(grace context.Context) (stop func()) {
	run := p.begin()
	run.shadow.open(grace)
	return run.shadow.close
}
