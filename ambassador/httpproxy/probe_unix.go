//go:build unix

package httpproxy

import (
	"net"
	"syscall"
)

// A prober tells whether an idle connection can be used: the other side has
// neither closed it nor sent what nobody asked for, as a 408, which would be taken
// for the next answer.
type prober struct {
	raw  syscall.RawConn
	look func(fd uintptr) bool
	ok   bool
}

func newProber(c net.Conn) (p prober) {
	if s, ok := lowest(c).(syscall.Conn); ok {
		p.raw, _ = s.SyscallConn()
	}
	return p
}

// able tells whether it can tell.
func (p *prober) able() bool { return p.raw != nil }

func (p *prober) usable() bool {
	if p.look == nil {
		p.look = p.peek
	}
	p.ok = false
	return p.raw.Read(p.look) == nil && p.ok
}

func (p *prober) peek(fd uintptr) bool {
	var b [1]byte
	_, _, err := syscall.Recvfrom(int(fd), b[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
	p.ok = err == syscall.EAGAIN || err == syscall.EWOULDBLOCK || err == syscall.EINTR
	return true
}
