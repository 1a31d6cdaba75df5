package upstream

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/dns/dnsmessage"

	"github.com/podpatterns/podpatterns/pod/podtest"
)

// A nameserver answers on the network in memory, over UDP and TCP.
type nameserver struct {
	w     *world
	mu    sync.Mutex
	zone  map[string]reply // by "NAME. TYPE"
	asked []string         // "udp NAME. TYPE"
}

// A reply is what a nameserver says.
type reply struct {
	rcode    dnsmessage.RCode
	records  []string // "A 60 10.0.0.1", "CNAME 60 b.", "SRV 60 0 1 80 c.", with a name before if it is another
	negative uint32   // of the SOA, if there is one
	silent   bool
	cut      bool   // over UDP
	noEDNS   bool   // FORMERR if there is EDNS
	forged   string // an address that wrong answers have, which come first
}

func (w *world) nameserver(address string) *nameserver {
	n := &nameserver{w: w, zone: map[string]reply{}}
	packets, err := w.net.ListenPacket(context.Background(), "udp", address)
	require.NoError(w.t, err)
	l, err := w.net.Listen(context.Background(), "tcp", address)
	require.NoError(w.t, err)
	n.serve(w.t, packets, l)
	return n
}

func (n *nameserver) serve(t *testing.T, packets net.PacketConn, l net.Listener) {
	t.Cleanup(func() {
		packets.Close()
		l.Close()
	})
	go n.serveUDP(packets)
	go n.serveTCP(l)
}

func (n *nameserver) set(question string, r reply) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.zone[question] = r
}

// questions are what was asked since the last time.
func (n *nameserver) questions() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	asked := n.asked
	n.asked = nil
	return asked
}

func (n *nameserver) serveUDP(c net.PacketConn) {
	b := make([]byte, 4096)
	for {
		size, from, err := c.ReadFrom(b)
		if err != nil {
			return
		}
		for _, answer := range n.answers("udp", b[:size]) {
			c.WriteTo(answer, from)
		}
	}
}

func (n *nameserver) serveTCP(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			defer c.Close()
			var length [2]byte
			io.ReadFull(c, length[:])
			b := make([]byte, binary.BigEndian.Uint16(length[:]))
			io.ReadFull(c, b)
			for _, answer := range n.answers("tcp", b) {
				c.Write(binary.BigEndian.AppendUint16(nil, uint16(len(answer))))
				c.Write(answer)
			}
		}()
	}
}

func (n *nameserver) answers(network string, b []byte) (all [][]byte) {
	var m dnsmessage.Message
	if m.Unpack(b) != nil || len(m.Questions) != 1 {
		return nil
	}
	q := m.Questions[0]
	key := strings.ToLower(q.Name.String()) + " " + q.Type.String()[4:]
	n.mu.Lock()
	n.asked = append(n.asked, network+" "+key)
	r, known := n.zone[key]
	n.mu.Unlock()
	if !known {
		r.rcode = dnsmessage.RCodeNameError
	}
	if r.silent {
		return nil
	}
	if r.noEDNS && len(m.Additionals) > 0 {
		r = reply{rcode: dnsmessage.RCodeFormatError}
	}
	if r.forged != "" {
		forged := []string{"A 60 " + r.forged}
		other := dnsmessage.Question{Name: dnsmessage.MustNewName("other."), Type: q.Type, Class: q.Class}
		all = append(all, []byte("rubbish"),
			build(m.ID+1, q, reply{records: forged}, network),
			build(m.ID, other, reply{records: forged}, network))
	}
	return append(all, build(m.ID, q, r, network))
}

func build(id uint16, q dnsmessage.Question, r reply, network string) []byte {
	h := dnsmessage.Header{ID: id, Response: true, RCode: r.rcode, RecursionAvailable: true, Truncated: r.cut && network == "udp"}
	m := dnsmessage.Message{Header: h, Questions: []dnsmessage.Question{q}}
	if !h.Truncated {
		for _, text := range r.records {
			m.Answers = append(m.Answers, record(q.Name, text))
		}
	}
	if r.negative > 0 {
		m.Authorities = []dnsmessage.Resource{{
			Header: dnsmessage.ResourceHeader{Name: dnsmessage.MustNewName("zone."), Class: dnsmessage.ClassINET, TTL: 3600},
			Body:   &dnsmessage.SOAResource{NS: q.Name, MBox: q.Name, MinTTL: r.negative},
		}}
	}
	b, err := m.Pack()
	if err != nil {
		panic(err)
	}
	return b
}

func record(name dnsmessage.Name, text string) dnsmessage.Resource {
	words := strings.Fields(text)
	if strings.HasSuffix(words[0], ".") {
		name, words = dnsmessage.MustNewName(words[0]), words[1:]
	}
	var ttl uint32
	fmt.Sscan(words[1], &ttl)
	r := dnsmessage.Resource{Header: dnsmessage.ResourceHeader{Name: name, Class: dnsmessage.ClassINET, TTL: ttl}}
	switch words[0] {
	case "A":
		r.Body = &dnsmessage.AResource{A: netip.MustParseAddr(words[2]).As4()}
	case "AAAA":
		r.Body = &dnsmessage.AAAAResource{AAAA: netip.MustParseAddr(words[2]).As16()}
	case "CNAME":
		r.Body = &dnsmessage.CNAMEResource{CNAME: dnsmessage.MustNewName(words[2])}
	case "SRV":
		s := &dnsmessage.SRVResource{Target: dnsmessage.MustNewName(words[5])}
		fmt.Sscan(strings.Join(words[2:5], " "), &s.Priority, &s.Weight, &s.Port)
		r.Body = s
	}
	return r
}

// A follower keeps what a Source says.
type follower struct {
	mu   sync.Mutex
	sets []string
	errs []string
	last []Endpoint
}

func (w *world) follow(s Source) *follower {
	f := &follower{}
	ctx, cancel := context.WithCancel(w.ctx)
	ended := make(chan struct{})
	w.t.Cleanup(func() {
		cancel()
		<-ended
	})
	go func() {
		defer close(ended)
		s.Watch(ctx, func(set []Endpoint, err error) {
			f.mu.Lock()
			defer f.mu.Unlock()
			if err != nil {
				f.errs = append(f.errs, err.Error())
				return
			}
			var all []string
			for _, e := range set {
				all = append(all, e.Address)
			}
			f.sets, f.last = append(f.sets, strings.Join(all, " ")), set
		})
	}()
	return f
}

// news are the sets and errors since the last time.
func (f *follower) news() (sets, errs []string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	sets, errs = f.sets, f.errs
	f.sets, f.errs = nil, nil
	return sets, errs
}

// conf is a resolv.conf.
func conf(t *testing.T, text string) string {
	path := filepath.Join(t.TempDir(), "resolv.conf")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

func TestDNSObeysTheTTL(t *testing.T) {
	inWorld(t, func(w *world) {
		n := w.nameserver("10.0.0.53:53")
		n.set("db.example. A", reply{records: []string{"A 30 10.0.0.2", "A 60 10.0.0.1", "A 60 10.0.0.1", "other. A 1 6.6.6.6"}})
		n.set("db.example. AAAA", reply{records: []string{"AAAA 90 2001:db8::1"}})
		f := w.follow(DNS{Host: "db.example:5432", Servers: []string{"10.0.0.53"}, conf: "none"})
		settle(time.Second)
		sets, errs := f.news()
		require.Equal(t, []string{"10.0.0.1:5432 10.0.0.2:5432 [2001:db8::1]:5432"}, sets)
		require.Empty(t, errs)
		require.Equal(t, "db.example", f.last[0].ServerName)
		require.ElementsMatch(t, []string{"udp db.example. A", "udp db.example. AAAA"}, n.questions())

		n.set("db.example. A", reply{records: []string{"A 60 10.0.0.3"}})
		n.set("db.example. AAAA", reply{})
		settle(28 * time.Second)
		require.Empty(t, n.questions(), "the least TTL is 30 s")
		settle(4100 * time.Millisecond)
		require.Len(t, n.questions(), 2)
		sets, _ = f.news()
		require.Equal(t, []string{"10.0.0.3:5432"}, sets)

		n.set("db.example. A", reply{records: []string{"A 4000000000 10.0.0.3"}})
		settle(66 * time.Second)
		n.questions()
		settle(10 * time.Second)
		require.InDelta(t, 19, len(n.questions()), 3, "that is 0 by RFC 2181, and counts as MinTTL")
	})
}

func TestDNSKeepsTheLastGoodSet(t *testing.T) {
	inWorld(t, func(w *world) {
		n := w.nameserver("10.0.0.53:53")
		n.set("db. A", reply{records: []string{"A 1 10.0.0.1"}})
		n.set("db. AAAA", reply{records: []string{"AAAA 1 2001:db8::1"}})
		f := w.follow(DNS{Host: "db:1", Servers: []string{"10.0.0.53"}, Timeout: time.Second, conf: conf(t, "options attempts:2")})
		settle(500 * time.Millisecond)
		sets, _ := f.news()
		require.Equal(t, []string{"10.0.0.1:1 [2001:db8::1]:1"}, sets)

		n.set("db. A", reply{rcode: dnsmessage.RCodeServerFailure})
		n.set("db. AAAA", reply{silent: true})
		settle(10 * time.Second)
		sets, errs := f.news()
		require.Empty(t, sets)
		require.NotEmpty(t, errs)
		require.Contains(t, errs[0], "db. A: server 10.0.0.53:53: SERVFAIL")
		require.Contains(t, errs[0], "db. AAAA: server 10.0.0.53:53: no answer")

		// One family that works again is news of that alone.
		n.set("db. A", reply{records: []string{"A 1 10.0.0.2"}})
		settle(time.Minute)
		sets, _ = f.news()
		require.Equal(t, "10.0.0.2:1 [2001:db8::1]:1", sets[len(sets)-1])
		n.set("db. AAAA", reply{})
		settle(time.Minute)
		sets, _ = f.news()
		require.Equal(t, "10.0.0.2:1", sets[len(sets)-1])
	})
}

func TestDNSBacksOff(t *testing.T) {
	inWorld(t, func(w *world) {
		n := w.nameserver("10.0.0.53:53")
		n.set("db. A", reply{rcode: dnsmessage.RCodeRefused})
		f := w.follow(DNS{Host: "db:1", Network: "ip4", Servers: []string{"10.0.0.53"}, conf: conf(t, "options attempts:1")})
		settle(10 * time.Minute)
		_, errs := f.news()
		require.InDelta(t, 5+(600-31)/30, len(errs), 2, "after 1, 2, 4, 8, 16, 30, 30 … s")
		require.Contains(t, errs[0], "REFUSED")
	})
}

func TestDNSBelievesWhatThereIsNot(t *testing.T) {
	inWorld(t, func(w *world) {
		n := w.nameserver("10.0.0.53:53")
		n.set("db. A", reply{records: []string{"A 1 10.0.0.1"}})
		f := w.follow(DNS{Host: "db:1", Network: "ip4", Servers: []string{"10.0.0.53"}, conf: "none"})
		settle(500 * time.Millisecond)
		n.set("db. A", reply{rcode: dnsmessage.RCodeNameError, negative: 20})
		settle(time.Second)
		sets, errs := f.news()
		require.Equal(t, []string{"10.0.0.1:1", ""}, sets)
		require.Empty(t, errs)
		n.questions()
		settle(18 * time.Second)
		require.Empty(t, n.questions(), "the SOA says 20 s")
		n.set("db. A", reply{})
		settle(5 * time.Second)
		sets, _ = f.news()
		require.Equal(t, []string{""}, sets)
		require.Len(t, n.questions(), 1)
		settle(6 * time.Second)
		require.Len(t, n.questions(), 1, "without an SOA 5 s")
	})
}

func TestDNSOverTCPIfCut(t *testing.T) {
	inWorld(t, func(w *world) {
		n := w.nameserver("10.0.0.53:53")
		var many []string
		for i := range 200 {
			many = append(many, fmt.Sprintf("A 60 10.0.1.%d", i))
		}
		n.set("db. A", reply{records: many, cut: true})
		f := w.follow(DNS{Host: "db:1", Network: "ip4", Servers: []string{"10.0.0.53"}, conf: "none"})
		settle(time.Second)
		require.Equal(t, []string{"udp db. A", "tcp db. A"}, n.questions())
		require.Len(t, f.last, 200)
	})
}

// NXDOMAIN is said of the name, and so of the family as well that fails; and the
// time of an answer is not shortened by names that were searched before.
func TestDNSSearchPastAServerThatFailsForOneFamily(t *testing.T) {
	inWorld(t, func(w *world) {
		n := w.nameserver("10.0.0.53:53")
		n.set("db.a. A", reply{rcode: dnsmessage.RCodeNameError, negative: 2})
		n.set("db.a. AAAA", reply{rcode: dnsmessage.RCodeServerFailure})
		n.set("db.b. A", reply{records: []string{"A 60 10.0.0.1"}})
		n.set("db.b. AAAA", reply{})
		f := w.follow(DNS{Host: "db:1", Servers: []string{"10.0.0.53"}, conf: conf(t, "search a b\noptions attempts:1\n")})
		settle(time.Second)
		sets, errs := f.news()
		require.Equal(t, []string{"10.0.0.1:1"}, sets)
		require.Empty(t, errs)
		require.Len(t, n.questions(), 4)
		settle(58 * time.Second)
		require.Empty(t, n.questions())
	})
}

// The machine's own sockets do as well.
func TestDNSOverRealSockets(t *testing.T) {
	podtest.NoLeaks(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	packets, err := net.ListenPacket("udp", l.Addr().String())
	require.NoError(t, err)
	n := &nameserver{zone: map[string]reply{}}
	n.serve(t, packets, l)
	n.set("db. A", reply{records: []string{"A 60 127.0.0.1"}, cut: true})
	n.set("db. AAAA", reply{records: []string{"AAAA 60 ::1"}})
	d := DNS{Host: "db:1", Servers: []string{l.Addr().String()}, Timeout: 10 * time.Second, conf: "none"}
	r, err := d.resolver()
	require.NoError(t, err)
	found, err := d.look(t.Context(), r, memory{})
	require.NoError(t, err)
	require.Equal(t, []Endpoint{{Address: "127.0.0.1:1", ServerName: "db"}, {Address: "[::1]:1", ServerName: "db"}}, found.set)
	require.Equal(t, time.Minute, found.ttl)
	require.ElementsMatch(t, []string{"udp db. A", "tcp db. A", "udp db. AAAA"}, n.questions())

	packets.Close()
	l.Close()
	_, err = d.look(t.Context(), r, memory{})
	require.ErrorContains(t, err, "refused")
}

func TestDNSIsNotFooled(t *testing.T) {
	inWorld(t, func(w *world) {
		n := w.nameserver("10.0.0.53:53")
		n.set("db. A", reply{records: []string{"A 60 10.0.0.1", "evil. A 60 6.6.6.6"}, forged: "6.6.6.6", noEDNS: true})
		f := w.follow(DNS{Host: "db:1", Network: "ip4", Servers: []string{"10.0.0.53:53"}, conf: "none"})
		settle(time.Second)
		sets, errs := f.news()
		require.Equal(t, []string{"10.0.0.1:1"}, sets)
		require.Empty(t, errs)
		require.Len(t, n.questions(), 2, "once more without EDNS")
	})
}

func TestDNSFollowsAliases(t *testing.T) {
	inWorld(t, func(w *world) {
		n := w.nameserver("10.0.0.53:53")
		n.set("db. A", reply{records: []string{"b. CNAME 7 C.", "CNAME 100 B.", "c. A 100 10.0.0.1"}})
		n.set("far. A", reply{records: []string{"CNAME 3 db."}})
		n.set("loop. A", reply{records: []string{"CNAME 3 pool."}})
		n.set("pool. A", reply{records: []string{"CNAME 3 loop."}})
		r := &resolver{resolvConf{servers: []string{"10.0.0.53:53"}, attempts: 1, timeout: time.Second}}
		a, err := r.ask(w.ctx, "db.", dnsmessage.TypeA)
		require.NoError(t, err)
		require.EqualValues(t, 7, a.ttl)
		a, err = r.ask(w.ctx, "far.", dnsmessage.TypeA)
		require.NoError(t, err)
		require.EqualValues(t, 3, a.ttl)
		require.Equal(t, "10.0.0.1", a.ips[0].String())
		_, err = r.ask(w.ctx, "loop.", dnsmessage.TypeA)
		require.ErrorContains(t, err, "more than 16 CNAMEs")
	})
}

func TestDNSNextServerAndSearchList(t *testing.T) {
	inWorld(t, func(w *world) {
		bad, good := w.nameserver("10.0.0.1:53"), w.nameserver("10.0.0.2:53")
		bad.set("db.ns.svc.local. A", reply{rcode: dnsmessage.RCodeServerFailure})
		bad.set("db.svc.local. A", reply{silent: true})
		good.set("db.ns.svc.local. A", reply{})
		good.set("db.svc.local. A", reply{records: []string{"A 60 10.0.0.1"}})
		file := conf(t, "nameserver 10.0.0.1\nnameserver 10.0.0.2\nsearch ns.svc.local svc.local local\noptions ndots:5 timeout:1\n")
		f := w.follow(DNS{Host: "db:1", Network: "ip4", conf: file})
		settle(2 * time.Second)
		sets, errs := f.news()
		require.Empty(t, errs)
		require.Equal(t, []string{"10.0.0.1:1"}, sets)
		want := []string{"udp db.ns.svc.local. A", "udp db.svc.local. A"}
		require.Equal(t, want, bad.questions())
		require.Equal(t, want, good.questions())
	})
	inWorld(t, func(w *world) {
		n := w.nameserver("10.0.0.53:53")
		n.set("db.a. A", reply{rcode: dnsmessage.RCodeServerFailure})
		n.set("db.b. A", reply{records: []string{"A 60 6.6.6.6"}})
		f := w.follow(DNS{Host: "db:1", Network: "ip4", Servers: []string{"10.0.0.53"}, conf: conf(t, "search a b\n")})
		settle(time.Second)
		sets, errs := f.news()
		require.Empty(t, sets, "another domain's host is another host")
		require.Len(t, errs, 1)
	})
}

func TestDNSServices(t *testing.T) {
	inWorld(t, func(w *world) {
		n := w.nameserver("10.0.0.53:53")
		n.set("_pg._tcp.example. SRV", reply{records: []string{
			"SRV 60 0 5 5432 DB1.example.", "SRV 60 0 0 5433 db2.example.", "SRV 60 3 1 5432 db3.example.", "SRV 60 0 1 5432 gone.example.",
		}})
		n.set("db1.example. A", reply{records: []string{"A 20 10.0.0.1"}})
		n.set("db1.example. AAAA", reply{records: []string{"AAAA 60 2001:db8::1"}})
		n.set("db2.example. A", reply{records: []string{"A 60 10.0.0.2"}})
		n.set("db3.example. A", reply{records: []string{"A 60 10.0.0.3"}})
		f := w.follow(DNS{Service: "_pg._tcp.example", Servers: []string{"10.0.0.53"}, conf: conf(t, "options attempts:1")})
		settle(time.Second)
		_, errs := f.news()
		require.Empty(t, errs)
		want := []Endpoint{
			{Address: "db1.example:5432", Weight: 75, ServerName: "db1.example", IPs: []netip.Addr{netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("2001:db8::1")}},
			{Address: "db2.example:5433", Weight: 1, ServerName: "db2.example", IPs: []netip.Addr{netip.MustParseAddr("10.0.0.2")}},
			{Address: "db3.example:5432", Weight: 15, Priority: 3, ServerName: "db3.example", IPs: []netip.Addr{netip.MustParseAddr("10.0.0.3")}},
		}
		require.Equal(t, want, f.last)
		_, err := targets(f.last)
		require.NoError(t, err)

		n.set("db1.example. A", reply{rcode: dnsmessage.RCodeServerFailure})
		n.set("db1.example. AAAA", reply{rcode: dnsmessage.RCodeServerFailure})
		n.set("db2.example. A", reply{})
		settle(21200 * time.Millisecond)
		require.Equal(t, []Endpoint{want[0], want[2]}, f.last, "the least TTL was 20 s")

		n.set("_pg._tcp.example. SRV", reply{records: []string{"SRV 60 0 0 0 ."}})
		settle(time.Minute)
		require.Empty(t, f.last, "decidedly not available")
	})
}

func TestDNSInACluster(t *testing.T) {
	inWorld(t, func(w *world) {
		n := w.nameserver("10.0.0.53:53")
		w.backend("10.0.0.1:1")
		w.backend("10.0.0.2:1")
		n.set("db.example. A", reply{records: []string{"A 5 10.0.0.1"}})
		c := &Cluster{Endpoints: DNS{Host: "db.example:1", Servers: []string{"10.0.0.53"}, conf: "none"}}
		w.run(c)
		conn, who := w.open(c)
		require.Equal(t, "10.0.0.1:1", who)
		n.set("db.example. A", reply{records: []string{"A 5 10.0.0.2"}})
		settle(10 * time.Second)
		require.Equal(t, "10.0.0.2:1", w.visit(c))
		require.Equal(t, Draining, c.of("10.0.0.1:1").State)
		_, err := conn.Write([]byte("still there"))
		require.NoError(t, err)
		require.NoError(t, conn.Close())
		require.Len(t, c.Stats().Endpoints, 1)
	})
}

func TestResolvConf(t *testing.T) {
	c := parseResolvConf("# a comment\nnameserver 10.0.0.1 ; and one\n nameserver fe80::1%eth0\nnameserver x\nnameserver 10.0.0.2\nnameserver 10.0.0.3\n" +
		"domain old.example\nsearch a.example. b.example .\noptions ndots:99 timeout:0 attempts:3 rotate use-vc edns0 ndots:-1 nothing:1\nsortlist 1\n")
	require.Equal(t, resolvConf{
		servers: []string{"10.0.0.1:53", "[fe80::1%eth0]:53", "10.0.0.2:53"},
		search:  []string{"a.example", "b.example"}, ndots: 15, timeout: time.Second, attempts: 3, rotate: true, tcp: true,
	}, c)
	require.Equal(t, []string{"127.0.0.1:53"}, parseResolvConf("").servers)
	c = resolvConf{search: []string{"a", "b"}, ndots: 1}
	require.Equal(t, []string{"db.a.", "db.b.", "db."}, c.names("db"))
	require.Equal(t, []string{"x.db.", "x.db.a.", "x.db.b."}, c.names("x.db"))
	require.Equal(t, []string{"db."}, c.names("db."))
}
