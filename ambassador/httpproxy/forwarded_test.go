package httpproxy

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"
)

var proxies = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}

func TestWhatUpstreamIsTold(t *testing.T) {
	lies := fields{
		{"X-Forwarded-For", "6.6.6.6"}, {"x-forwarded-for", "7.7.7.7"}, {"X-Forwarded-Host", "evil"}, {"X-Forwarded-Proto", "https"},
		{"X-Forwarded-Prefix", "/evil"}, {"Forwarded", "for=6.6.6.6"}, {"X-Real-IP", "6.6.6.6"}, {"Accept", "x"},
	}
	ip := netip.MustParseAddr
	for _, test := range []struct {
		name string
		f    *Forwarded
		h    fields
		way  way
		want fields
	}{
		{"nobody is believed", nil, lies, way{peer: ip("1.2.3.4"), text: "1.2.3.4", host: "h", secure: false},
			fields{{"Accept", "x"}, {"X-Forwarded-For", "1.2.3.4"}, {"X-Forwarded-Host", "h"}, {"X-Forwarded-Proto", "http"}}},
		{"nor is a stranger", &Forwarded{Trusted: proxies}, lies, way{peer: ip("1.2.3.4"), text: "1.2.3.4", host: "h", secure: true},
			fields{{"Accept", "x"}, {"X-Forwarded-For", "1.2.3.4"}, {"X-Forwarded-Host", "h"}, {"X-Forwarded-Proto", "https"}}},
		{"a proxy is", &Forwarded{Trusted: proxies}, lies[:5], way{peer: ip("10.0.0.1"), text: "10.0.0.1", host: "h", secure: false},
			fields{{"X-Forwarded-For", "6.6.6.6, 7.7.7.7, 10.0.0.1"}, {"X-Forwarded-Host", "evil"}, {"X-Forwarded-Proto", "https"}, {"X-Forwarded-Prefix", "/evil"}}},
		{"a proxy that tells nothing", &Forwarded{Trusted: proxies}, nil, way{peer: ip("fd00::1"), text: "fd00::1", host: "h", secure: false},
			fields{{"X-Forwarded-For", "fd00::1"}, {"X-Forwarded-Host", "h"}, {"X-Forwarded-Proto", "http"}}},
		{"a proxy that has both", &Forwarded{Trusted: proxies}, lies[5:6], way{peer: ip("10.0.0.1"), text: "10.0.0.1", host: "h", secure: false},
			fields{{"Forwarded", `for=6.6.6.6, for=10.0.0.1;host="h";proto=http`}, {"X-Forwarded-For", "10.0.0.1"}, {"X-Forwarded-Host", "h"}, {"X-Forwarded-Proto", "http"}}},
		{"a unix socket", nil, lies, way{host: "h"},
			fields{{"Accept", "x"}, {"X-Forwarded-Host", "h"}, {"X-Forwarded-Proto", "http"}}},
		{"standard", &Forwarded{Standard: true}, lies, way{peer: ip("2001:db8::1"), text: "2001:db8::1", host: "h:80", secure: true},
			fields{{"Accept", "x"}, {"Forwarded", `for="[2001:db8::1]";host="h:80";proto=https`}}},
		{"standard of a proxy", &Forwarded{Standard: true, Trusted: proxies}, fields{{"Forwarded", "for=1.1.1.1"}, {"X-Forwarded-For", "2.2.2.2"}, {"forwarded", `for=_x;by="a,b"`}},
			way{peer: ip("10.1.1.1"), text: "10.1.1.1", host: "", secure: false}, fields{{"Forwarded", `for=1.1.1.1, for=_x;by="a,b", for=10.1.1.1;proto=http`}}},
		{"standard of a unix socket", &Forwarded{Standard: true}, nil, way{host: `a"b`}, fields{{"Forwarded", `for=unknown;host="a\"b";proto=http`}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			require.NoError(t, test.f.validate())
			h := append(fields(nil), test.h...)
			test.f.tell(&h, test.way)
			require.Equal(t, test.want, h)
		})
	}
}

func TestWhereItCameFrom(t *testing.T) {
	f := &Forwarded{Trusted: proxies}
	for _, test := range []struct{ peer, told, want string }{
		{"1.2.3.4", "9.9.9.9", "1.2.3.4"},
		{"10.0.0.1", "9.9.9.9", "9.9.9.9"},
		{"10.0.0.1", "6.6.6.6, 9.9.9.9", "9.9.9.9"},
		{"10.0.0.1", "9.9.9.9, 10.2.2.2,fd00::7", "9.9.9.9"},
		{"10.0.0.1", "10.3.3.3, 10.2.2.2", "10.3.3.3"},
		{"10.0.0.1", "", "10.0.0.1"},
		{"10.0.0.1", "9.9.9.9, unknown", "10.0.0.1"},
		{"10.0.0.1", "9.9.9.9, unknown, 10.2.2.2", "10.2.2.2"},
		{"10.0.0.1", "[2001:db8::1]:80", "2001:db8::1"},
		{"10.0.0.1", "[2001:db8::1]", "2001:db8::1"},
		{"10.0.0.1", "9.9.9.9:1234", "9.9.9.9"},
		{"10.0.0.1", "::ffff:9.9.9.9", "9.9.9.9"},
	} {
		var h fields
		if test.told != "" {
			h.add("X-Forwarded-For", test.told)
		}
		require.Equal(t, test.want, f.client(h, netip.MustParseAddr(test.peer)).String(), test.told)
	}
	require.False(t, f.client(nil, netip.Addr{}).IsValid())
}

func TestForwardedRefusesWrongFields(t *testing.T) {
	require.ErrorContains(t, (&Forwarded{Trusted: []netip.Prefix{{}}}).validate(), "Trusted: entry 0")
	require.ErrorContains(t, (&Forwarded{Trusted: []netip.Prefix{netip.MustParsePrefix("::ffff:1.2.3.0/120")}}).validate(), "IPv4 in IPv6")
}

func FuzzForwarded(f *testing.F) {
	f.Add("1.2.3.4, 10.0.0.1:80", "for=a", `h"`)
	f.Fuzz(func(t *testing.T, told, standard, host string) {
		for _, fwd := range []*Forwarded{nil, {Trusted: proxies}, {Trusted: proxies, Standard: true}} {
			h := fields{{"X-Forwarded-For", told}, {"Forwarded", standard}}
			peer := netip.MustParseAddr("10.0.0.1")
			if c := fwd.client(h, peer); !c.IsValid() {
				t.Fatal("a client from nowhere")
			}
			fwd.tell(&h, way{peer: peer, text: peer.String(), host: host})
		}
	})
}
