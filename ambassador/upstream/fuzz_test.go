package upstream

import (
	"net/netip"
	"strings"
	"testing"

	"golang.org/x/net/dns/dnsmessage"
)

func FuzzFile(f *testing.F) {
	for _, seed := range []string{
		"a:1\nb:2 3 1 # one\n", `["a:1", {"address": "b:2", "weight": 3}]`, "[]", "", "[null]", `[{"ips":["::1"]}]`, "unix:/x", "[::1]:80 1",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		set, err := parseFile(text)
		if err != nil {
			if set != nil {
				t.Fatalf("%v, and yet %v", err, set)
			}
			return
		}
		all, err := targets(set)
		if err != nil {
			return
		}
		for i, e := range all {
			if e.at.Name == "" || e.at.Network == "tcp" && (e.at.Host == "" || e.at.Port == "") || e.weight() < 1 || !e.equal(set[i]) {
				t.Fatalf("%+v of %+v", e, set[i])
			}
		}
		if len(all) == 0 {
			return
		}
		c := &Cluster{Endpoints: Static(set), Balancer: RoundRobin{}}
		l, err := c.Pick(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		l.Done()
	})
}

func FuzzAnswer(f *testing.F) {
	a := dnsmessage.Question{Name: dnsmessage.MustNewName("db.example."), Type: dnsmessage.TypeA, Class: dnsmessage.ClassINET}
	srv := dnsmessage.Question{Name: dnsmessage.MustNewName("_pg._tcp.example."), Type: dnsmessage.TypeSRV, Class: dnsmessage.ClassINET}
	for _, r := range []reply{
		{records: []string{"A 30 10.0.0.1", "CNAME 30 b."}},
		{records: []string{"CNAME 30 b.", "b. CNAME 4000000000 c.", "c. A 1 10.0.0.1"}},
		{records: []string{"CNAME 30 db.example."}},
		{rcode: dnsmessage.RCodeNameError, negative: 30},
		{cut: true},
	} {
		f.Add(build(7, a, r, "udp"), uint16(7), false)
	}
	f.Add(build(7, srv, reply{records: []string{"SRV 30 1 2 3 db.", "SRV 30 1 0 3 ."}}, "udp"), uint16(7), true)
	f.Fuzz(func(t *testing.T, msg []byte, id uint16, service bool) {
		q := a
		if service {
			q = srv
		}
		got, err := readAnswer(msg, id, q)
		if err != nil {
			return
		}
		if got.ttl > 1<<31-1 || len(got.ips)+len(got.services) > maxRecords {
			t.Fatalf("%+v", got)
		}
		if got.next != "" && !got.empty() || service && len(got.ips) > 0 || !service && len(got.services) > 0 {
			t.Fatalf("%+v", got)
		}
		hosts := make([]hosted, len(distinct(got.services)))
		for i := range hosts {
			hosts[i].ips = []netip.Addr{netip.MustParseAddr("10.0.0.1")}
		}
		found, err := DNS{Service: "_pg._tcp.example"}.targets(distinct(got.services), hosts, got, memory{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := targets(found.set); err != nil {
			t.Fatalf("%v: %+v", err, got)
		}
	})
}

func FuzzResolvConf(f *testing.F) {
	f.Add("nameserver 10.0.0.1\nsearch a b.\noptions ndots:5 timeout:1 attempts:2 rotate\n", "db")
	f.Add("options ndots:99999999999999999999 timeout:-1\ndomain .", "a.b.")
	f.Fuzz(func(t *testing.T, text, name string) {
		c := parseResolvConf(text)
		if len(c.servers) == 0 || len(c.servers) > 3 || c.ndots < 0 || c.ndots > 15 || c.timeout <= 0 || c.attempts < 1 || c.attempts > 5 {
			t.Fatalf("%+v", c)
		}
		for _, s := range c.servers {
			if _, err := server(s); err != nil {
				t.Fatalf("%s: %v", s, err)
			}
		}
		names := c.names(name)
		if len(names) == 0 || len(names) > 33 {
			t.Fatalf("%q", names)
		}
		for _, n := range names {
			if !strings.HasSuffix(n, ".") || !strings.HasPrefix(n, name) {
				t.Fatalf("%q of %q", n, name)
			}
		}
	})
}
