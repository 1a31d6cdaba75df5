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

	"github.com/podpatterns/podpatterns/ambassador/tcpproxy"
	"github.com/podpatterns/podpatterns/ambassador/upstream"
)

// options are the flags.
type options struct {
	listen, upstream, balance     string
	check                         time.Duration
	cert, key, clientCA           string
	upstreamTLS                   bool
	upCert, upKey, upCA, upName   string
	proxyFrom                     string
	sendProxy                     int
	routes                        map[string]string
	maxConns, perClient           int
	rate                          float64
	idle, userTimeout             time.Duration
	grace, drainAccept, drainIdle time.Duration
}

func parse(args []string, out io.Writer) (*options, error) {
	o := &options{routes: map[string]string{}}
	f := flag.NewFlagSet("tcpproxy", flag.ContinueOnError)
	f.SetOutput(out)
	f.StringVar(&o.listen, "listen", "", "address to listen at, as 127.0.0.1:5432 or unix:/run/db.sock")
	f.StringVar(&o.upstream, "upstream", "", "addresses with commas between, dns:HOST:PORT, srv:NAME or file:PATH")
	f.StringVar(&o.balance, "balance", "least", "least (requests), round (robin), ewma (of the latency) or hash (of the client's address)")
	f.DurationVar(&o.check, "check", 0, "how often each endpoint is connected to, to see whether it is well; 0 is never")
	f.StringVar(&o.cert, "tls-cert", "", "PEM file of the certificate to show clients; TLS ends here then")
	f.StringVar(&o.key, "tls-key", "", "PEM file of its key")
	f.StringVar(&o.clientCA, "tls-client-ca", "", "PEM file of who signs the certificates that clients have to show")
	f.BoolVar(&o.upstreamTLS, "upstream-tls", false, "speak TLS to the upstream")
	f.StringVar(&o.upCA, "upstream-ca", "", "PEM file of who signs the upstream's certificates; otherwise the machine's authorities")
	f.StringVar(&o.upName, "upstream-name", "", "name that they are for; otherwise the host of the address")
	f.StringVar(&o.upCert, "upstream-cert", "", "PEM file of the certificate to show the upstream")
	f.StringVar(&o.upKey, "upstream-key", "", "PEM file of its key")
	f.StringVar(&o.proxyFrom, "proxy-from", "", "prefixes with commas between, of who has to send a PROXY header")
	f.IntVar(&o.sendProxy, "send-proxy", 0, "version of the PROXY header to send, 1 or 2; 0 is none")
	f.Func("route", "NAME=UPSTREAM for TLS clients that ask for NAME, or *.NAME; may be given again", o.addRoute)
	f.IntVar(&o.maxConns, "max-conns", 0, "connections at once; 0 is 10,000")
	f.IntVar(&o.perClient, "max-conns-per-client", 0, "of one address; 0 is any number")
	f.Float64Var(&o.rate, "rate", 0, "connections a second; 0 is any number")
	f.DurationVar(&o.idle, "idle", 0, "silence after which a connection is reset; 0 is never")
	f.DurationVar(&o.userTimeout, "user-timeout", 0, "after which a peer that acknowledges nothing is given up; 0 is the kernel's")
	f.DurationVar(&o.grace, "grace", 0, "for the drain; 0 is 30 s")
	f.DurationVar(&o.drainAccept, "drain-accept", 0, "for how long of it new connections are accepted")
	f.DurationVar(&o.drainIdle, "drain-idle", 0, "silence after which a drain closes a connection; 0 is never")
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
	case o.check < 0:
		return nil, fmt.Errorf("-check: %v is negative", o.check)
	case o.grace < 0:
		return nil, fmt.Errorf("-grace: %v is negative", o.grace)
	case !(o.rate >= 0 && o.rate <= maxRate):
		return nil, fmt.Errorf("-rate: %v is not from 0 to %d", o.rate, int(maxRate))
	}
	return o, nil
}

const maxRate = 1_000_000_000 // no connection takes less than 1 ns

func (o *options) addRoute(text string) error {
	name, to, ok := strings.Cut(text, "=")
	if !ok {
		return errors.New("has no =")
	}
	if _, twice := o.routes[name]; twice {
		return fmt.Errorf("names %q again", name)
	}
	o.routes[name] = to
	return nil
}

func (o *options) proxy() (*tcpproxy.Proxy, error) {
	p := &tcpproxy.Proxy{
		MaxConns: o.maxConns, MaxConnsPerClient: o.perClient,
		Idle: o.idle, UserTimeout: o.userTimeout,
		DrainAccept: o.drainAccept, DrainIdle: o.drainIdle,
	}
	var err error
	if o.upstream != "" {
		if p.Upstream, err = o.cluster(o.upstream); err != nil {
			return nil, fmt.Errorf("-upstream: %w", err)
		}
	}
	for name, to := range o.routes {
		if p.Routes == nil {
			p.Routes = map[string]tcpproxy.Upstream{}
		}
		if p.Routes[name], err = o.cluster(to); err != nil {
			return nil, fmt.Errorf("-route %s: %w", name, err)
		}
	}
	if o.cert != "" || o.key != "" || o.clientCA != "" {
		p.TLS = &tcpproxy.TLS{CertFile: o.cert, KeyFile: o.key, CAFile: o.clientCA}
	}
	if o.rate > 0 {
		p.Rate = rate.NewLimiter(rate.Limit(o.rate), max(1, int(o.rate)))
	}
	for _, text := range split(o.proxyFrom) {
		from, err := netip.ParsePrefix(text)
		if err != nil {
			return nil, fmt.Errorf("-proxy-from: %w", err)
		}
		p.ProxyFrom = append(p.ProxyFrom, from)
	}
	return p, nil
}

// cluster is the upstream that a flag names.
func (o *options) cluster(text string) (*upstream.Cluster, error) {
	c := &upstream.Cluster{ProxyProtocol: o.sendProxy}
	kind, rest, _ := strings.Cut(text, ":")
	switch kind {
	case "dns":
		c.Endpoints = upstream.DNS{Host: rest}
	case "srv":
		c.Endpoints = upstream.DNS{Service: rest}
	case "file":
		c.Endpoints = upstream.File{Path: rest}
	default:
		c.Endpoints = upstream.To(split(text)...)
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
	if o.upstreamTLS {
		c.TLS = &upstream.TLS{CertFile: o.upCert, KeyFile: o.upKey, CAFile: o.upCA, ServerName: o.upName}
	} else if o.upCert+o.upKey+o.upCA+o.upName != "" {
		return nil, errors.New("-upstream-tls: not given, and other flags are of it")
	}
	return c, nil
}

func split(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(text, ",")
}
