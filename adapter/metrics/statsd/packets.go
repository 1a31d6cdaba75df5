package statsd

import (
	"context"
	"errors"
	"net"
	"os"
	"syscall"
	"time"
)

// packets is a socket for datagrams.
type packets struct {
	source  *Source
	conn    net.PacketConn
	base    net.PacketConn  // what conn is a lease of
	raw     syscall.RawConn // nil: not a socket of the system
	by      transport
	granted int // bytes of the receive buffer; 0: not known
}

func newPackets(s *Source, c net.PacketConn, by transport) *packets {
	p := &packets{source: s, conn: c, base: c, by: by}
	if lease, ok := c.(interface{ Unwrap() net.PacketConn }); ok {
		p.base = lease.Unwrap()
	}
	if b, ok := p.base.(interface{ SetReadBuffer(int) error }); ok {
		b.SetReadBuffer(s.receiveBuffer()) // what came of it is read back
	}
	if sc, ok := p.base.(syscall.Conn); ok {
		if raw, err := sc.SyscallConn(); err == nil {
			p.raw = raw
			p.setUp()
		}
	}
	return p
}

const (
	largest    = 1 << 16 // what a datagram may have
	queuedMost = 1 << 16 // datagrams that a buffer of unknown size may hold
	smallest   = 256     // bytes that the kernel needs for a datagram at least
	silence    = 10 * time.Millisecond
)

// receive reads until ctx is done, and then what is in the socket's buffer. It
// reads no more than fits into that, for a sender that goes on may be faster.
func (p *packets) receive(ctx, grace context.Context) error {
	defer context.AfterFunc(ctx, func() { p.conn.SetReadDeadline(time.Unix(1, 0)) })()
	if p.raw != nil && batches {
		return p.receiveBatches(ctx, grace)
	}
	buf := make([]byte, largest)
	for ctx.Err() == nil {
		n, _, err := p.conn.ReadFrom(buf)
		if err != nil && ctx.Err() == nil {
			return err
		}
		if err == nil {
			p.source.takePackets(p.by, buf[:n])
		}
	}
	for range queuedMost {
		p.conn.SetReadDeadline(time.Now().Add(silence))
		n, _, err := p.conn.ReadFrom(buf)
		if errors.Is(err, os.ErrDeadlineExceeded) || grace.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		p.source.takePackets(p.by, buf[:n])
	}
	return nil
}

func (p *packets) close() {
	p.source.network.settle(p)
	p.conn.Close()
}

// takePackets takes the samples of datagrams that came together.
func (s *Source) takePackets(by transport, all ...[]byte) {
	now := time.Now().UnixNano()
	t := &s.table
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, b := range all {
		t.count.packets[by]++
		t.count.bytes[by] += uint64(len(b))
		t.take(b, now)
	}
}
