package statsd

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"os"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// batches says that many datagrams are read by one system call.
const batches = true

const (
	batchSize = 32
	// stride keeps the beginnings of the buffers out of each other's lines of the
	// processor's cache, which a power of two puts on top of one another.
	stride      = largest + 1536 + 64
	controlSize = 64
)

// A header is C's struct mmsghdr.
type header struct {
	unix.Msghdr
	length uint32
}

// A batch is what recvmmsg fills.
type batch struct {
	headers  [batchSize]header
	iovecs   [batchSize]unix.Iovec
	controls [batchSize][controlSize]byte
	buffer   []byte
	all      [][]byte
	n        int
	err      error
}

func newBatch() *batch {
	b := &batch{buffer: make([]byte, batchSize*stride)}
	for i := range b.headers {
		b.iovecs[i].Base = &b.buffer[i*stride]
		b.iovecs[i].SetLen(largest)
		b.headers[i].Iov = &b.iovecs[i]
		b.headers[i].SetIovlen(1)
		b.headers[i].Control = &b.controls[i][0]
		b.headers[i].SetControllen(controlSize)
	}
	return b
}

// read returns false where it would have to wait.
func (b *batch) read(fd uintptr) bool {
	for i := range b.n { // the kernel has written there how long each is
		b.headers[i].SetControllen(controlSize)
	}
	for {
		n, _, errno := unix.Syscall6(unix.SYS_RECVMMSG, fd, uintptr(unsafe.Pointer(&b.headers[0])), batchSize, unix.MSG_DONTWAIT, 0, 0)
		runtime.KeepAlive(b)
		switch errno {
		case 0:
			b.n, b.err = int(n), nil
			return true
		case unix.EINTR:
			continue
		case unix.EAGAIN:
			b.n, b.err = 0, nil
			return false
		}
		b.n, b.err = 0, os.NewSyscallError("recvmmsg", errno)
		return true
	}
}

func (p *packets) receiveBatches(ctx, grace context.Context) error {
	b := newBatch()
	for ctx.Err() == nil {
		if err := p.raw.Read(b.read); err != nil {
			if ctx.Err() != nil || errors.Is(err, os.ErrDeadlineExceeded) {
				break
			}
			return err
		}
		if b.err != nil {
			return b.err
		}
		p.takeBatch(b)
	}
	for left := p.queued(); left > 0 && grace.Err() == nil; left -= b.n {
		if err := p.raw.Control(func(fd uintptr) { b.read(fd) }); err != nil || b.err != nil || b.n == 0 {
			return errors.Join(err, b.err)
		}
		p.takeBatch(b)
	}
	return nil
}

func (p *packets) takeBatch(b *batch) {
	if b.n == 0 {
		return
	}
	b.all = b.all[:0]
	short := 0
	for i := range b.n {
		h := &b.headers[i]
		data := b.buffer[i*stride : i*stride+int(h.length)]
		if h.Flags&unix.MSG_TRUNC != 0 { // its last line is not whole
			data = wholeLines(data)
			short++
		}
		b.all = append(b.all, data)
	}
	p.source.takePackets(p.by, b.all...)
	if short > 0 {
		p.source.reject(truncated, short)
	}
	last := &b.headers[b.n-1]
	if dropped, ok := overflowOf(last.Control, uint64(last.Controllen)); ok {
		p.source.network.dropped(p, dropped)
	}
}

// overflowOf finds what SO_RXQ_OVFL says, which no other message comes with, as
// nothing else was asked for.
func overflowOf(control *byte, length uint64) (dropped uint32, ok bool) {
	if length < uint64(unix.CmsgLen(4)) {
		return 0, false
	}
	h := (*unix.Cmsghdr)(unsafe.Pointer(control))
	if h.Level != unix.SOL_SOCKET || h.Type != unix.SO_RXQ_OVFL {
		return 0, false
	}
	data := unsafe.Slice(control, controlSize)[unix.CmsgLen(0):]
	return binary.NativeEndian.Uint32(data), true
}

// setUp has the kernel count what it drops, and reads back what it grants.
func (p *packets) setUp() {
	p.raw.Control(func(fd uintptr) {
		unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RXQ_OVFL, 1)
		granted := func() int {
			n, _ := unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUF)
			return n / 2 // the kernel doubles what it is asked for
		}
		if p.granted = granted(); p.granted < p.source.receiveBuffer() {
			// Above net.core.rmem_max, which an administrator may pass.
			unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, p.source.receiveBuffer())
			p.granted = granted()
		}
	})
}

// droppedNow asks for what the last datagram could not tell yet: SO_MEMINFO has
// the same number, as of now, from Linux 4.12 on.
func (p *packets) droppedNow() (dropped uint32, ok bool) {
	const drops = 8 // SK_MEMINFO_DROPS
	var info [drops + 1]uint32
	size := uint32(unsafe.Sizeof(info))
	p.raw.Control(func(fd uintptr) {
		_, _, errno := unix.Syscall6(unix.SYS_GETSOCKOPT, fd, unix.SOL_SOCKET, unix.SO_MEMINFO,
			uintptr(unsafe.Pointer(&info)), uintptr(unsafe.Pointer(&size)), 0)
		ok = errno == 0 && size == uint32(unsafe.Sizeof(info))
	})
	return info[drops], ok
}

// queued is how many datagrams may be in the buffer.
func (p *packets) queued() int {
	if p.granted == 0 {
		return queuedMost
	}
	return 2 * p.granted / smallest
}

// wholeLines is lines without the last one.
func wholeLines(lines []byte) []byte { return lines[:bytes.LastIndexByte(lines, '\n')+1] }

// dropped takes the count of p's socket as it is now. It has 32 bits, and may be
// older than the one that is known.
func (t *traffic) dropped(p *packets, now uint32) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.droppedLocked(p, now)
}
