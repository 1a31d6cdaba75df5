package httpproxy

import (
	"context"
	"time"

	"github.com/podpatterns/podpatterns/ambassador/upstream"
)

// policyState is what the policy remembers of an exchange.
type policyState struct{}

// A cluster is one that requests may go to, by the field that has it.
type cluster struct {
	name string
	*upstream.Cluster
}

func (p *Proxy) validatePolicy(add func(format string, args ...any)) {
	validateUpstream("Upstream", p.Upstream, p.HTTP2, add)
}

func (p *Proxy) clusters() []cluster {
	if p.Upstream == nil {
		return nil
	}
	return []cluster{{"Upstream", p.Upstream}}
}

func (p *Proxy) startPolicy(grace context.Context) (stop func()) { return func() {} }

func (x *exchange) route() *refusal {
	p := x.proxy
	if x.method == "CONNECT" && !p.Connect {
		return &refusal{status: 405, why: "CONNECT is not allowed"}
	}
	x.to, x.http2, x.timeout = p.Upstream, p.HTTP2, p.Timeout
	return nil
}

func (x *exchange) admit() *refusal { return nil }

// leave is the end of what admit has let in.
func (x *exchange) leave() {}

func (x *exchange) dress() {
	x.header.del("X-Forwarded-For")
	if a := x.client(); a.IsValid() {
		x.header.add("X-Forwarded-For", a.String())
	}
}

func (x *exchange) again(f failure) (wait time.Duration, ok bool) { return 0, false }

func (x *exchange) answered(a *answer) {}

func (x *exchange) ended() {}

func (x *exchange) bodyChunk(b []byte) {}
