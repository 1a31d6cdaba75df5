package upstream

import (
	"context"
	crand "crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

// A resolver asks recursive servers (RFC 1035), because those of package net do
// not tell the TTL.
type resolver struct{ resolvConf }

// ask returns what the first server says that knows, following CNAMEs that the
// server did not.
func (r *resolver) ask(ctx context.Context, name string, kind dnsmessage.Type) (*answer, error) {
	var ttl answer // of the chain
	for range maxAliases {
		full, err := dnsmessage.NewName(name)
		if err != nil {
			return nil, fmt.Errorf("%q: %w", name, err)
		}
		a, err := r.askAll(ctx, dnsmessage.Question{Name: full, Type: kind, Class: dnsmessage.ClassINET})
		if err != nil {
			return nil, err
		}
		if ttl.hasTTL {
			a.lives(ttl.ttl)
		}
		if a.next == "" {
			return a, nil
		}
		ttl, name = *a, a.next
	}
	return nil, fmt.Errorf("%s: more than %d CNAMEs, one after the other", name, maxAliases)
}

// askAll asks server after server, and as many times as there are attempts.
func (r *resolver) askAll(ctx context.Context, q dnsmessage.Question) (*answer, error) {
	var failed error
	start := 0
	if r.rotate {
		start = rand.IntN(len(r.servers))
	}
	for n := range r.attempts * len(r.servers) {
		server := r.servers[(start+n)%len(r.servers)]
		a, err := r.askOne(ctx, server, q)
		switch {
		case err == nil && (a.rcode == dnsmessage.RCodeSuccess || a.rcode == dnsmessage.RCodeNameError):
			return a, nil
		case err == nil:
			err = errors.New(rcodeName(a.rcode))
		}
		failed = fmt.Errorf("%s %s: server %s: %w", q.Name, q.Type.String()[len("Type"):], server, err)
		if ctx.Err() != nil {
			break
		}
	}
	return nil, failed
}

// askOne asks without EDNS (RFC 6891) again if the server does not know that, and
// over TCP if the answer was cut.
func (r *resolver) askOne(ctx context.Context, server string, q dnsmessage.Question) (*answer, error) {
	ctx, cancel := context.WithTimeout(ctx, r.timeout)
	defer cancel()
	network := "udp"
	if r.tcp {
		network = "tcp"
	}
	edns := true
	for {
		a, err := exchange(ctx, network, server, q, edns)
		switch {
		case err != nil:
			return nil, err
		case edns && (a.rcode == dnsmessage.RCodeFormatError || a.rcode == dnsmessage.RCodeNotImplemented):
			edns = false
		case a.truncated && network == "udp":
			network = "tcp"
		case a.truncated:
			return nil, errMalformed
		default:
			return a, nil
		}
	}
}

// exchange asks once, over a socket of its own and so from a port that nobody can
// guess (RFC 5452), with an id that nobody can guess either.
func exchange(ctx context.Context, network, server string, q dnsmessage.Question, edns bool) (*answer, error) {
	var random [2]byte
	crand.Read(random[:])
	id := binary.BigEndian.Uint16(random[:])
	msg, err := pack(id, q, edns)
	if err != nil {
		return nil, err
	}
	conn, err := dial(ctx, network, server)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	if network == "tcp" {
		a, err := overTCP(conn, msg, id, q)
		return a, noAnswer(ctx, err)
	}
	if _, err := conn.Write(msg[2:]); err != nil {
		return nil, err
	}
	buf := make([]byte, 4096)
	for {
		n, err := conn.Read(buf)
		if err != nil {
			return nil, noAnswer(ctx, err)
		}
		if a, err := readAnswer(buf[:n], id, q); err != errStray {
			return a, err
		}
	}
}

// overTCP has the length before the message (RFC 1035, 4.2.2). msg has two bytes
// of room for it.
func overTCP(conn net.Conn, msg []byte, id uint16, q dnsmessage.Question) (*answer, error) {
	binary.BigEndian.PutUint16(msg, uint16(len(msg)-2))
	if _, err := conn.Write(msg); err != nil {
		return nil, err
	}
	var length [2]byte
	if _, err := io.ReadFull(conn, length[:]); err != nil {
		return nil, err
	}
	buf := make([]byte, binary.BigEndian.Uint16(length[:]))
	if _, err := io.ReadFull(conn, buf); err != nil {
		return nil, err
	}
	return readAnswer(buf, id, q)
}

func noAnswer(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		return fmt.Errorf("no answer: %w", context.Cause(ctx))
	}
	return err
}

func rcodeName(c dnsmessage.RCode) string {
	switch c {
	case dnsmessage.RCodeFormatError:
		return "FORMERR"
	case dnsmessage.RCodeServerFailure:
		return "SERVFAIL"
	case dnsmessage.RCodeNotImplemented:
		return "NOTIMP"
	case dnsmessage.RCodeRefused:
		return "REFUSED"
	}
	return fmt.Sprintf("RCODE %d", c)
}
