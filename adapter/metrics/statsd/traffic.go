package statsd

import (
	"net"
	"sync"
)

// A transport is what samples come by.
type transport uint8

const (
	overUDP transport = iota
	overTCP
	overUnix
	transports // how many there are
)

var transportNames = [transports]string{"udp", "tcp", "unixgram"}

// traffic is what is known of the sockets.
type traffic struct {
	mu      sync.Mutex
	packets []*packets // of the current run
	granted [transports]int

	// What the kernel says counts from when the socket was opened, which under a
	// pod was before this run.
	counted map[transport]kernelCount
	drops   [transports]uint64

	open, refused, accepted uint64 // TCP connections
}

type kernelCount struct {
	of   net.PacketConn
	last uint32
}

func (t *traffic) set(all []*packets) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.packets = all
	t.granted = [transports]int{}
	for _, p := range all {
		t.granted[p.by] = p.granted
	}
}

func (t *traffic) droppedLocked(p *packets, now uint32) {
	c := t.counted[p.by]
	if c.of != p.base {
		c = kernelCount{of: p.base}
	}
	if more := int32(now - c.last); more > 0 {
		t.drops[p.by] += uint64(more)
		c.last = now
	}
	if t.counted == nil {
		t.counted = map[transport]kernelCount{}
	}
	t.counted[p.by] = c
}

// settle asks the kernel for the last time before p is closed.
func (t *traffic) settle(p *packets) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.askLocked(p)
	for i, of := range t.packets {
		if of == p {
			t.packets = append(t.packets[:i:i], t.packets[i+1:]...)
			return
		}
	}
}

func (t *traffic) askLocked(p *packets) {
	if p.raw != nil && p.by == overUDP {
		if now, ok := p.droppedNow(); ok {
			t.droppedLocked(p, now)
		}
	}
}

// A trafficCount is a snapshot.
type trafficCount struct {
	granted                 [transports]int
	drops                   [transports]uint64
	open, refused, accepted uint64
}

func (t *traffic) now() trafficCount {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, p := range t.packets {
		t.askLocked(p)
	}
	return trafficCount{t.granted, t.drops, t.open, t.refused, t.accepted}
}

// enter lets a TCP connection in if there are fewer than limit.
func (t *traffic) enter(limit int) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.open >= uint64(limit) {
		t.refused++
		return false
	}
	t.open++
	t.accepted++
	return true
}

func (t *traffic) leave() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.open--
}
