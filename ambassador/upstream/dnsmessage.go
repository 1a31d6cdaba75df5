package upstream

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"

	"golang.org/x/net/dns/dnsmessage"
)

// udpSize is the largest answer over UDP that is asked for: more may be cut into
// fragments on the way (RFC 9715).
const udpSize = 1232

// A question is packed once and sent with an id of its own each time.
func pack(id uint16, q dnsmessage.Question, edns bool) ([]byte, error) {
	b := dnsmessage.NewBuilder(make([]byte, 2, 514), dnsmessage.Header{ID: id, RecursionDesired: true})
	if err := b.StartQuestions(); err != nil {
		return nil, err
	}
	if err := b.Question(q); err != nil {
		return nil, err
	}
	if edns {
		if err := b.StartAdditionals(); err != nil {
			return nil, err
		}
		var h dnsmessage.ResourceHeader
		if err := h.SetEDNS0(udpSize, dnsmessage.RCodeSuccess, false); err != nil {
			return nil, err
		}
		if err := b.OPTResource(h, dnsmessage.OPTResource{}); err != nil {
			return nil, err
		}
	}
	return b.Finish()
}

// errStray is what is no answer to the question asked, but a late one, or one that
// somebody else has made up.
var errStray = errors.New("an answer to something else")

var errMalformed = errors.New("the answer is malformed")

// An answer is what a server says.
type answer struct {
	rcode     dnsmessage.RCode
	truncated bool
	ips       []netip.Addr
	services  []dnsmessage.SRVResource
	next      string // the last name of a chain of CNAMEs, if it leads out of the answer; to be asked for
	ttl       uint32 // of all that was used; of a negative answer, see RFC 2308, 5
	hasTTL    bool
}

// empty tells whether the server says that there is nothing.
func (a *answer) empty() bool { return len(a.ips)+len(a.services) == 0 }

func (a *answer) lives(ttl uint32) {
	if ttl > 1<<31-1 { // RFC 2181, 8
		ttl = 0
	}
	if !a.hasTTL || ttl < a.ttl {
		a.ttl, a.hasTTL = ttl, true
	}
}

// An alias is a CNAME.
type alias struct {
	to  string
	ttl uint32
}

// An owned record belongs to a name.
type owned struct {
	name    string
	ttl     uint32
	ip      netip.Addr
	service *dnsmessage.SRVResource
}

const (
	maxAliases = 16
	maxRecords = 4096
)

// readAnswer takes of an answer what belongs to the question, through its CNAMEs
// (RFC 1034, 3.6.2), and nothing else.
func readAnswer(msg []byte, id uint16, q dnsmessage.Question) (*answer, error) {
	var p dnsmessage.Parser
	h, err := p.Start(msg)
	if err != nil || !h.Response || h.ID != id || h.OpCode != 0 {
		return nil, errStray
	}
	asked, err := p.Question()
	if err != nil || asked.Type != q.Type || asked.Class != q.Class || !strings.EqualFold(asked.Name.String(), q.Name.String()) {
		return nil, errStray
	}
	if _, err := p.Question(); err != dnsmessage.ErrSectionDone {
		return nil, errStray
	}
	a := &answer{rcode: h.RCode, truncated: h.Truncated}
	if h.RCode != dnsmessage.RCodeSuccess && h.RCode != dnsmessage.RCodeNameError || a.truncated {
		return a, nil
	}
	aliases, records, err := readRecords(&p, q)
	if err != nil {
		return nil, err
	}
	a.follow(q, aliases, records)
	if a.empty() && a.next == "" {
		return a, a.readNegative(&p)
	}
	return a, nil
}

func readRecords(p *dnsmessage.Parser, q dnsmessage.Question) (aliases map[string]alias, records []owned, err error) {
	aliases = map[string]alias{}
	for n := 0; ; n++ {
		h, err := p.AnswerHeader()
		if err == dnsmessage.ErrSectionDone {
			return aliases, records, nil
		}
		if err != nil || n == maxRecords {
			return nil, nil, fmt.Errorf("%w: %v", errMalformed, err)
		}
		r := owned{name: fold(h.Name), ttl: h.TTL}
		switch {
		case h.Class != q.Class:
			err = p.SkipAnswer()
		case h.Type == dnsmessage.TypeCNAME:
			var c dnsmessage.CNAMEResource
			if c, err = p.CNAMEResource(); err == nil {
				aliases[r.name] = alias{fold(c.CNAME), h.TTL}
			}
		case h.Type != q.Type:
			err = p.SkipAnswer()
		case h.Type == dnsmessage.TypeA:
			var body dnsmessage.AResource
			body, err = p.AResource()
			r.ip = netip.AddrFrom4(body.A)
			records = append(records, r)
		case h.Type == dnsmessage.TypeAAAA:
			var body dnsmessage.AAAAResource
			body, err = p.AAAAResource()
			r.ip = netip.AddrFrom16(body.AAAA)
			records = append(records, r)
		case h.Type == dnsmessage.TypeSRV:
			var body dnsmessage.SRVResource
			body, err = p.SRVResource()
			r.service = &body
			records = append(records, r)
		default:
			err = p.SkipAnswer()
		}
		if err != nil {
			return nil, nil, fmt.Errorf("%w: %v", errMalformed, err)
		}
	}
}

// follow goes from the name that was asked for to where the records are.
func (a *answer) follow(q dnsmessage.Question, aliases map[string]alias, records []owned) {
	name := fold(q.Name)
	for range maxAliases {
		for _, r := range records {
			if r.name != name {
				continue
			}
			a.lives(r.ttl)
			if r.service != nil {
				a.services = append(a.services, *r.service)
			} else {
				a.ips = append(a.ips, r.ip)
			}
		}
		next, is := aliases[name]
		if !a.empty() || !is {
			break
		}
		a.lives(next.ttl)
		name, a.next = next.to, next.to
	}
	if !a.empty() || a.rcode == dnsmessage.RCodeNameError {
		a.next = ""
	}
}

// readNegative finds for how long a negative answer holds (RFC 2308, 5).
func (a *answer) readNegative(p *dnsmessage.Parser) error {
	for {
		h, err := p.AuthorityHeader()
		if err == dnsmessage.ErrSectionDone {
			return nil
		}
		if err == nil && h.Type == dnsmessage.TypeSOA {
			var soa dnsmessage.SOAResource
			if soa, err = p.SOAResource(); err == nil {
				a.lives(min(h.TTL, soa.MinTTL))
				return nil
			}
		} else if err == nil {
			err = p.SkipAuthority()
		}
		if err != nil {
			return fmt.Errorf("%w: %v", errMalformed, err)
		}
	}
}

func fold(n dnsmessage.Name) string { return strings.ToLower(n.String()) }
