package upstream

import (
	"context"
	"crypto/tls"
	"math"
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestValidate(t *testing.T) {
	c := &Cluster{
		Balancer: Maglev{Size: 100}, Check: &Check{Interval: -1, Timeout: -2, Rise: -3, Fall: -4, Checker: HTTP{Path: "x"}},
		Ejection: &Ejection{FailureRatio: 2, MinVolume: -1, Window: -1, Base: -1, Max: -1, MaxShare: 2},
		Breaker:  &Breaker{Failures: -1, OpenFor: -1, Trials: -1},
		TLS:      &TLS{CertFile: "c", Config: &tls.Config{MinVersion: tls.VersionTLS10}},
	}
	for _, want := range []string{
		"Endpoints: nil", "Balancer: Size: 100 is no prime", "Interval: -1ns is negative", "Timeout: -2ns is negative", "Rise: -3 is negative",
		"Fall: -4 is negative", `Path: "x" does not begin with /`, "FailureRatio: 2 is more than 1", "MinVolume: -1", "Window: -1ns", "Base: -1ns", "Max: -1ns",
		"MaxShare: 2 is not from 0 to 1", "Failures: -1", "OpenFor: -1ns", "Trials: -1", `TLS: KeyFile: empty, and CertFile is "c"`, "Config.MinVersion: TLS 1.0",
	} {
		require.ErrorContains(t, c.Validate(), want)
	}
	c = &Cluster{
		Endpoints: To("a:1"), PanicThreshold: 1.5, SlowStart: -1, DialTimeout: -1, TryTimeout: -1, MaxWait: -1,
		Tries: -1, MaxConns: -1, MaxConnsPerEndpoint: -1, ProxyProtocol: 3,
	}
	for _, want := range []string{
		"PanicThreshold: 1.5", "SlowStart: -1ns", "DialTimeout: -1ns", "TryTimeout: -1ns", "MaxWait: -1ns",
		"Tries: -1", "MaxConns: -1", "MaxConnsPerEndpoint: -1", "ProxyProtocol: 3 is not 0, 1 or 2",
	} {
		require.ErrorContains(t, c.Validate(), want)
	}
	for _, err := range []error{c.Validate(), c.Run(t.Context()), c.Ready(t.Context()), second(c.Dial(t.Context())), second(c.Pick(t.Context()))} {
		require.ErrorContains(t, err, "ProxyProtocol: 3")
	}
	require.Equal(t, Stats{}, c.Stats())

	for want, source := range map[string]Source{
		"Static: no endpoint":                           To(),
		"endpoint 1: address \"a\" is not host:port":    To("a"),
		"address \"unix:\" names no path":               To("unix:"),
		"address \":80\" has no host: say 127.0.0.1:80": To(":80"),
		"address \"a:0\" has no port":                   To("a:0"),
		"address \"a b:1\" has a host that is none":     To("a b:1"),
		"weight 2000000 is not from 0 to 1000000":       Static{{Address: "a:1", Weight: 2_000_000}},
		"address \"a:1\" is that of endpoint 1 too":     To("a:1", "a:1"),
		"IPs of \"a:1\" have one that is no address":    Static{{Address: "a:1", IPs: make([]netip.Addr, 1)}},
		"IPs of \"unix:/s\", which is a unix socket":    Static{{Address: "unix:/s", IPs: []netip.Addr{netip.IPv6Loopback()}}},
		"and 3 more":                          To("a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m"),
		"Path: empty":                         File{},
		"Interval: -1ns":                      File{Path: "x", Interval: -1},
		"Host: empty, and so is Service":      DNS{},
		"only one may be given":               DNS{Host: "a:1", Service: "_a._tcp.b"},
		"Host: \"a\" is not host:port":        DNS{Host: "a"},
		"it is an address; To is for those":   DNS{Host: "10.0.0.1:1"},
		"\"\" has not from 1 to 63 bytes":     DNS{Host: "a..b:1"},
		"it has 301 bytes":                    DNS{Service: strings.Repeat("a.", 150) + "b"},
		"Network: \"tcp\" is neither":         DNS{Host: "a:1", Network: "tcp"},
		"Servers[1]: \"x\" is not host:port":  DNS{Host: "a:1", Servers: []string{"::1", "x"}},
		"Timeout: -1ns":                       DNS{Host: "a:1", Timeout: -1},
		"MinTTL: -1ns":                        DNS{Host: "a:1", MinTTL: -1},
		"MaxTTL: 1ns is less than MinTTL, 1s": DNS{Host: "a:1", MaxTTL: 1},
	} {
		require.ErrorContains(t, (&Cluster{Endpoints: source}).Validate(), want)
	}
	require.NoError(t, (&Cluster{Endpoints: DNS{Host: "a.:1", Servers: []string{"dns:53", "[::1]:53"}}}).Validate())
	require.Error(t, (&Cluster{Endpoints: To("a:1"), PanicThreshold: math.NaN()}).Validate())
	require.ErrorContains(t, (&Cluster{Endpoints: To("a:1"), Balancer: PeakEWMA{Decay: -1, Penalty: 1}}).Validate(), "Decay: -1ns")
	require.ErrorContains(t, (&Cluster{Endpoints: To("a:1"), Balancer: PeakEWMA{Penalty: -1}}).Validate(), "Penalty: -1ns")
	require.ErrorContains(t, (&Cluster{Endpoints: To("a:1"), Check: &Check{Checker: Redis{Username: "u"}}}).Validate(), `Username is "u"`)
}

// A nil of a type is as good as none.
func TestValidateNil(t *testing.T) {
	for want, c := range map[string]*Cluster{
		"Endpoints: nil":                       {Endpoints: (*File)(nil)},
		"Endpoints: nil, so there is nothing":  {Endpoints: SourceFunc(nil)},
		"Balancer: a nil *upstream.RoundRobin": {Endpoints: To("a:1"), Balancer: (*RoundRobin)(nil)},
		"Checker: a nil upstream.CheckerFunc":  {Endpoints: To("a:1"), Check: &Check{Checker: CheckerFunc(nil)}},
		"Checker: a nil *upstream.HTTP":        {Endpoints: To("a:1"), Check: &Check{Checker: (*HTTP)(nil)}},
	} {
		require.ErrorContains(t, c.Validate(), want)
	}
	require.ErrorContains(t, (&Cluster{Endpoints: Static(nil)}).Validate(), "Static: no endpoint")
}

func TestValidateIsNoUse(t *testing.T) {
	c := &Cluster{TLS: &TLS{CertFile: "c"}}
	require.Error(t, c.Validate())
	c.Endpoints, c.TLS.KeyFile = To("a:1"), "k"
	require.NoError(t, c.Validate())
	require.NoError(t, c.Ready(t.Context()))
}

func second[T any](_ T, err error) error { return err }

// What tcpproxy asks of an upstream.
var _ interface {
	Validate() error
	Ready(context.Context) error
	Run(context.Context) error
} = (*Cluster)(nil)
