package httpproxy

import (
	"time"

	"github.com/podpatterns/podpatterns/ambassador/upstream"
)

// A Route is for the requests that it matches, which are all if it asks for
// nothing. A request takes, whatever their order, of all routes that match it the
// one that asks for most, as the Gateway API of Kubernetes has it: a Host, then a
// wildcard Host, the longest first; then a Path, then a PathPrefix, the longest
// first; then Methods; then the larger number of Headers; then the first in the
// list. What none matches goes to the Proxy's own Upstream, or is answered with 404
// where that is nil. So a request that no route of its host matches may still take
// one of any host.
//
// The path is compared byte for byte, as it is passed on: nothing is decoded, and
// "/a/../b" has the prefix "/a". An upstream that decodes or resolves paths must not
// leave it to a Route to keep a client away from some.
type Route struct {
	// Name tells it from others, in Stats and the log. Empty: made of Host and Path
	// or PathPrefix; one that is there twice is an error.
	Name string

	// Host is "example.com", or "*.example.com" for any name below that, however
	// deep. Case, a port and a last dot of what a request asks for do not matter.
	// Empty: any. One with a port, a last dot or anything else is an error.
	Host string

	// Path is the whole path. Empty: any; with PathPrefix: an error.
	Path string

	// PathPrefix are the first segments of the path: "/a" and "/a/" are those of
	// "/a" and "/a/b", not of "/ab". Empty: any path.
	PathPrefix string

	// Methods are those that it is for, in capitals as they are. nil: all.
	Methods []string

	// Headers are what fields must be like. nil: any.
	Headers []HeaderMatch

	// Upstream is where the requests go. It may be nil only with a Split
	// whose parts all have one.
	Upstream *upstream.Cluster

	// HTTP2 has Upstream be spoken to in HTTP/2.
	HTTP2 bool

	// Split divides the requests among several upstreams. nil: all go to Upstream.
	Split *Split

	// Shadow sends copies to another upstream. nil: none.
	Shadow *Shadow

	// Rewrite changes the requests and their answers. nil: nothing of them.
	Rewrite *Rewrite

	// Retry says which requests are tried again. nil: none are.
	Retry *Retry

	// Limits are how many requests are let through. nil: all.
	Limits *Limits

	// Key is what is hashed for Upstream's Balancer. nil: nothing.
	Key *Key

	// Timeout is how long a request may take until its answer begins, all tries
	// included. 0: the Proxy's; negative: for ever.
	Timeout time.Duration
}

// HeaderMatch is what a field of a request must be like. With nothing but a Name it
// must be there.
type HeaderMatch struct {
	// Name is that of the field, in any case. Empty: an error.
	Name string

	// Value is what one of its lines must be, byte for byte. Empty: anything.
	Value string

	// Regexp is what one of its lines must match as a whole, in the syntax of
	// package regexp. Empty: anything; with Value: an error.
	Regexp string

	// Absent says that it must not be there. With Value or Regexp: an error.
	Absent bool
}
