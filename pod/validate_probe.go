package pod

import (
	"fmt"
	"reflect"
	"time"
)

func (ps *problems) probes(at func(string) string, c *Container) {
	for kind, p := range [probeKinds]*Probe{c.Startup, c.Readiness, c.Liveness} {
		name := probeNames[kind]
		if p == nil {
			continue
		}
		if c.Init {
			ps.add(at(name), "set", "an init container has no probes (K42)")
		}
		field := func(name2 string) string { return at(name + "." + name2) }
		ps.handler(field("Handler"), p.Handler, c)
		if isNil(p.Handler) {
			ps.add(field("Handler"), p.Handler, "asks nothing: it is nil")
		}
		for _, d := range []struct {
			name  string
			value time.Duration
		}{{"InitialDelay", p.InitialDelay}, {"Period", p.Period}, {"Timeout", p.Timeout}, {"TerminationGracePeriod", p.TerminationGracePeriod}} {
			ps.duration(field(d.name), d.value)
		}
		for _, n := range []struct {
			name  string
			value int
		}{{"SuccessThreshold", p.SuccessThreshold}, {"FailureThreshold", p.FailureThreshold}} {
			if n.value < 0 {
				ps.add(field(n.name), n.value, "must not be negative")
			}
		}
		if kind != readiness && p.SuccessThreshold > 1 {
			ps.add(field("SuccessThreshold"), p.SuccessThreshold, "must be 1 for %s (K25)", name)
		}
		if kind == readiness && p.TerminationGracePeriod > 0 {
			ps.add(field("TerminationGracePeriod"), p.TerminationGracePeriod, "a readiness probe stops nothing (K21)")
		}
	}
	for _, hook := range []struct {
		name    string
		handler Handler
	}{{"PostStart", c.PostStart}, {"PreStop", c.PreStop}} {
		if hook.handler == nil {
			continue
		}
		if c.Init {
			ps.add(at(hook.name), "set", "an init container has no hooks (K42)")
		}
		ps.handler(at(hook.name), hook.handler, c)
		if isNil(hook.handler) {
			ps.add(at(hook.name), hook.handler, "is a nil %T", hook.handler)
		}
	}
}

// handler checks what can be told of a Handler before it is called.
func (ps *problems) handler(field string, h Handler, c *Container) {
	if isNil(h) {
		return
	}
	switch h := h.(type) {
	case *HTTPGet:
		ps.handler(field, *h, c)
	case *TCPSocket:
		ps.handler(field, *h, c)
	case *GRPC:
		ps.handler(field, *h, c)
	case *Exec:
		ps.handler(field, *h, c)
	case HTTPGet:
		ps.target(field, h.Address, c)
	case TCPSocket:
		ps.target(field, h.Address, c)
	case GRPC:
		ps.target(field, h.Address, c)
	case Exec:
		if len(h.Command) == 0 || h.Command[0] == "" {
			ps.add(field+".Command", fmt.Sprint(h.Command), "names no program")
		}
	}
}

// target checks the Address of a Handler.
func (ps *problems) target(field, address string, c *Container) {
	field += ".Address"
	if address == "" {
		if c.Listen == "" {
			ps.add(field, address, "is empty, and the container has no Listen")
		}
		return
	}
	switch network, _, err := splitListen(address); {
	case err != nil:
		ps.add(field, address, "%w", err)
	case network != "tcp":
		ps.add(field, address, "is no host and port; empty is the container's own, a unix socket as well")
	case placeOf(address).port == "0":
		ps.add(field, address, "has no port that could be dialled")
	}
}

func isNil(v any) bool {
	r := reflect.ValueOf(v)
	switch r.Kind() {
	case reflect.Invalid:
		return true
	case reflect.Pointer, reflect.Func, reflect.Map, reflect.Slice:
		return r.IsNil()
	}
	return false
}
