package httpproxy

import (
	"context"
	"net/http"
	"slices"
)

// Trace has a program's own tracing or metrics take part in each request, whatever
// library they are of. A func that is nil is not called. They are called by the
// goroutine that serves the request, hold it up for as long as they take, and must
// not panic; many are called at once.
//
// A Proxy that has a Trace or a [Log] sends each request with a traceparent of W3C
// Trace Context: that which came, if it is valid, or else a new one. Without, it
// passes on what there is.
type Trace struct {
	// Begin is called once a request has its route, before it waits for any limit.
	// header is that of the request as it came, and may be changed: what is there
	// afterwards is sent. So a tracer takes its parent from it, and puts its own
	// span in. The context that is returned, made from ctx, is given to the others;
	// nil stands for ctx.
	Begin func(ctx context.Context, r Record, header http.Header) context.Context

	// Try is called after each try that is followed by another. r.Status is that of
	// its answer, or 0, and r.Err then why there is none.
	Try func(ctx context.Context, r Record)

	// End is called when a request is over, for each that Begin was called for.
	End func(ctx context.Context, r Record)
}

// traced has Trace begin, and finds out what trace x belongs to.
func (x *exchange) traced() {
	t := x.proxy.Trace
	if t == nil && x.proxy.Log == nil {
		return
	}
	if t != nil && t.Begin != nil {
		header := http.Header{}
		for _, f := range x.header {
			header.Add(f.name, f.value)
		}
		if ctx := t.Begin(x.ctx, x.record(0), header); ctx != nil {
			x.ctx = ctx
		}
		x.header.become(header)
	}
	x.pol.traceID = follow(&x.header)
}

// become makes h what is in header, and leaves alone what is the same. Names and
// values that can't be sent are left out.
func (h *fields) become(header http.Header) {
	gone := func(name string) bool { return len(header.Values(name)) == 0 }
	h.drop(gone)
	for name, values := range header {
		if slices.Equal(values, slices.Collect(h.values(name))) {
			continue
		}
		h.del(name)
		if changeable(name) != nil {
			continue
		}
		for _, v := range values {
			if all(v, inValue) {
				h.add(name, v)
			}
		}
	}
}
