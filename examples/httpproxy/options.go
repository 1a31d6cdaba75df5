package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net/netip"
	"strings"
	"time"

	"golang.org/x/time/rate"

	"github.com/podpatterns/podpatterns/ambassador/httpproxy"
	"github.com/podpatterns/podpatterns/ambassador/upstream"
)

// options are the flags.
type options struct {
	listen, upstream, balance   string
	http2                       bool
	check                       time.Duration
	eject                       bool
	routes                      []string
	shadow                      string
	retries                     int
	tryTimeout, timeout         time.Duration
	concurrent                  int
	rate                        float64
	wait                        time.Duration
	trusted, key                string
	log                         float64
	cert, tlsKey, clientCA      string
	upstreamTLS                 bool
	upCert, upKey, upCA, upName string
	grace                       time.Duration
}

func parse(args []string, out io.Writer) (*options, error) {
	o := &options{}
	f := flag.NewFlagSet("httpproxy", flag.ContinueOnError)
	f.SetOutput(out)
	f.StringVar(&o.listen, "listen", "", "address to listen at, as 127.0.0.1:8080 or unix:/run/api.sock")
	f.StringVar(&o.upstream, "upstream", "", "addresses with commas between, dns:HOST:PORT, srv:NAME or file:PATH")
	f.BoolVar(&o.http2, "http2", false, "speak HTTP/2 to the upstreams, as gRPC needs it")
	f.StringVar(&o.balance, "balance", "least", "least (requests), round (robin), ewma (of the latency) or hash (of -key)")
	f.StringVar(&o.key, "key", defaultKey, "what hash takes: header:NAME, cookie:NAME or address")
	f.DurationVar(&o.check, "check", 0, "how often each endpoint is connected to, to see whether it is well; 0 is never")
	f.BoolVar(&o.eject, "eject", false, "leave out endpoints that fail more than others")
	f.Func("route", "[HOST]/PREFIX=UPSTREAM for requests of that host and path; may be given again", o.addRoute)
	f.StringVar(&o.shadow, "shadow", "", "upstream that gets a copy of each request of -upstream")
	f.IntVar(&o.retries, "retries", 0, "how often a request that can be repeated is tried again; 0 is never")
	f.DurationVar(&o.tryTimeout, "try-timeout", 0, "for one try, if there are -retries; 0 is any time")
	f.DurationVar(&o.timeout, "timeout", 0, "until an answer begins, all tries included; 0 is any time")
	f.IntVar(&o.concurrent, "concurrent", 0, "requests at once; 0 is any number")
	f.Float64Var(&o.rate, "rate", 0, "requests a second; 0 is any number")
	f.DurationVar(&o.wait, "wait", 0, "how long a request may wait for these two")
	f.StringVar(&o.trusted, "trusted", "", "prefixes with commas between, of proxies whose X-Forwarded fields are believed")
	f.Float64Var(&o.log, "log", 0, "share of the requests that are logged, up to 1; those that fail always are; 0 is no log")
	f.StringVar(&o.cert, "tls-cert", "", "PEM file of the certificate to show clients; TLS ends here then")
	f.StringVar(&o.tlsKey, "tls-key", "", "PEM file of its key")
	f.StringVar(&o.clientCA, "tls-client-ca", "", "PEM file of who signs the certificates that clients have to show")
	f.BoolVar(&o.upstreamTLS, "upstream-tls", false, "speak TLS to the upstreams")
	f.StringVar(&o.upCA, "upstream-ca", "", "PEM file of who signs the upstream's certificates; otherwise the machine's authorities")
	f.StringVar(&o.upName, "upstream-name", "", "name that they are for; otherwise the host of the address")
	f.StringVar(&o.upCert, "upstream-cert", "", "PEM file of the certificate to show the upstream")
	f.StringVar(&o.upKey, "upstream-key", "", "PEM file of its key")
	f.DurationVar(&o.grace, "grace", 0, "for the drain; 0 is 30 s")
	if err := f.Parse(args); err != nil {
		return nil, err
	}
	switch {
	case f.NArg() > 0:
		return nil, fmt.Errorf("argument %q: there are only flags", f.Arg(0))
	case o.listen == "":
		return nil, errors.New("-listen: empty")
	case o.upstream == "" && len(o.routes) == 0:
		return nil, errors.New("-upstream: empty")
	case o.upstream == "" && o.shadow != "":
		return nil, errors.New("-shadow: given, and -upstream is not")
	case o.retries < 0:
		return nil, fmt.Errorf("-retries: %d is negative", o.retries)
	case o.tryTimeout != 0 && o.retries == 0:
		return nil, errors.New("-try-timeout: given, and -retries is not")
	case o.concurrent < 0:
		return nil, fmt.Errorf("-concurrent: %d is negative", o.concurrent)
	case !(o.rate >= 0 && o.rate <= maxRate):
		return nil, fmt.Errorf("-rate: %v is not from 0 to %d", o.rate, int(maxRate))
	case o.wait != 0 && o.concurrent == 0 && o.rate == 0:
		return nil, errors.New("-wait: given, and neither -concurrent nor -rate is")
	case o.key != defaultKey && o.balance != "hash":
		return nil, errors.New("-key: given, and -balance is not hash")
	case o.check < 0:
		return nil, fmt.Errorf("-check: %v is negative", o.check)
	case o.grace < 0:
		return nil, fmt.Errorf("-grace: %v is negative", o.grace)
	}
	return o, nil
}

const (
	maxRate    = 1_000_000_000 // no request takes less than 1 ns
	defaultKey = "address"
)

func (o *options) addRoute(text string) error {
	where, _, ok := strings.Cut(text, "=")
	if !ok || !strings.Contains(where, "/") {
		return errors.New("is not [HOST]/PREFIX=UPSTREAM")
	}
	for _, r := range o.routes {
		if strings.HasPrefix(r, where+"=") {
			return fmt.Errorf("names %q again", where)
		}
	}
	o.routes = append(o.routes, text)
	return nil
}

func (o *options) proxy() (*httpproxy.Proxy, error) {
	p := &httpproxy.Proxy{Timeout: o.timeout, HTTP2: o.http2}
	for _, text := range o.routes {
		where, to, _ := strings.Cut(text, "=")
		r, err := o.route(where, to)
		if err != nil {
			return nil, fmt.Errorf("-route %s: %w", where, err)
		}
		p.Routes = append(p.Routes, *r)
	}
	if o.upstream != "" {
		r, err := o.route("/", o.upstream)
		if err != nil {
			return nil, fmt.Errorf("-upstream: %w", err)
		}
		p.Upstream, p.Retry, p.Limits, p.Key = r.Upstream, r.Retry, r.Limits, r.Key
		if o.shadow != "" { // which is a Route's
			if r.Shadow, err = o.copies(); err != nil {
				return nil, fmt.Errorf("-shadow: %w", err)
			}
			r.Name = "all"
			p.Routes = append(p.Routes, *r)
		}
	}
	if o.cert != "" || o.tlsKey != "" || o.clientCA != "" {
		p.TLS = &httpproxy.TLS{CertFile: o.cert, KeyFile: o.tlsKey, CAFile: o.clientCA}
	}
	if o.log != 0 {
		p.Log = &httpproxy.Log{Share: o.log}
	}
	if o.trusted != "" {
		p.Forwarded = &httpproxy.Forwarded{}
		for _, text := range strings.Split(o.trusted, ",") {
			from, err := netip.ParsePrefix(text)
			if err != nil {
				return nil, fmt.Errorf("-trusted: %w", err)
			}
			p.Forwarded.Trusted = append(p.Forwarded.Trusted, from)
		}
	}
	return p, nil
}

// route is one with what the flags say of all.
func (o *options) route(where, to string) (*httpproxy.Route, error) {
	c, err := o.cluster(to)
	if err != nil {
		return nil, err
	}
	at := strings.IndexByte(where, '/')
	r := &httpproxy.Route{Host: where[:at], PathPrefix: where[at:], Upstream: c, HTTP2: o.http2}
	if o.retries > 0 {
		r.Retry = &httpproxy.Retry{Tries: 1 + o.retries, TryTimeout: o.tryTimeout}
	}
	if o.concurrent > 0 || o.rate > 0 {
		r.Limits = &httpproxy.Limits{Concurrent: o.concurrent, MaxWait: o.wait}
		if o.rate > 0 {
			r.Limits.Rate = rate.NewLimiter(rate.Limit(o.rate), max(1, int(o.rate)))
		}
	}
	if o.balance == "hash" {
		kind, name, _ := strings.Cut(o.key, ":")
		switch kind {
		case "header":
			r.Key = &httpproxy.Key{Header: name}
		case "cookie":
			r.Key = &httpproxy.Key{Cookie: name}
		case "address":
			r.Key = &httpproxy.Key{Address: true}
		default:
			return nil, fmt.Errorf("-key: %q is neither header:NAME nor cookie:NAME nor address", o.key)
		}
	}
	return r, nil
}

func (o *options) copies() (*httpproxy.Shadow, error) {
	c, err := o.cluster(o.shadow)
	return &httpproxy.Shadow{Upstream: c, HTTP2: o.http2}, err
}

// cluster is the upstream that a flag names.
func (o *options) cluster(text string) (*upstream.Cluster, error) {
	c := &upstream.Cluster{}
	kind, rest, _ := strings.Cut(text, ":")
	switch kind {
	case "dns":
		c.Endpoints = upstream.DNS{Host: rest}
	case "srv":
		c.Endpoints = upstream.DNS{Service: rest}
	case "file":
		c.Endpoints = upstream.File{Path: rest}
	default:
		c.Endpoints = upstream.To(strings.Split(text, ",")...)
	}
	balancers := map[string]upstream.Balancer{
		"least": upstream.LeastRequests{}, "round": upstream.RoundRobin{}, "ewma": upstream.PeakEWMA{}, "hash": upstream.Maglev{},
	}
	if c.Balancer = balancers[o.balance]; c.Balancer == nil {
		return nil, fmt.Errorf("-balance: %q is none of least, round, ewma and hash", o.balance)
	}
	if o.check > 0 {
		c.Check = &upstream.Check{Interval: o.check}
	}
	if o.eject {
		c.Ejection = &upstream.Ejection{}
	}
	if o.upstreamTLS {
		c.TLS = &upstream.TLS{CertFile: o.upCert, KeyFile: o.upKey, CAFile: o.upCA, ServerName: o.upName}
	} else if o.upCert+o.upKey+o.upCA+o.upName != "" {
		return nil, errors.New("-upstream-tls: not given, and other flags are of it")
	}
	return c, nil
}
