package statsd

import (
	"context"
	"net"
	"os"
	"sync"
	"time"

	"github.com/podpatterns/podpatterns/pod/sandbox"
)

// running is one run.
type running struct {
	source *Source
	grace  context.Context
	stop   context.CancelFunc

	packets []*packets
	stream  *stream
	file    *socketFile

	busy sync.WaitGroup
	once sync.Once
	err  error
}

func (r *running) listen(ctx context.Context) error {
	s := r.source
	if at := s.udp(); at != "" {
		c, err := sandbox.ListenPacket(ctx, "udp", at)
		if err != nil {
			return err
		}
		r.packets = append(r.packets, newPackets(s, c, overUDP))
	}
	if s.TCP != "" {
		var lc net.ListenConfig
		l, err := lc.Listen(ctx, "tcp", s.TCP)
		if err != nil {
			return err
		}
		r.stream = newStream(s, l)
	}
	if s.Unix != "" {
		c, f, err := listenUnix(ctx, s.Unix, s.UnixMode)
		if err != nil {
			return err
		}
		r.file = f
		r.packets = append(r.packets, newPackets(s, c, overUnix))
	}
	s.network.set(r.packets)
	return nil
}

func (r *running) addrs() (all []net.Addr) {
	for _, p := range r.packets {
		if p.by == overUDP {
			all = append(all, p.conn.LocalAddr())
		}
	}
	if r.stream != nil {
		all = append(all, r.stream.l.Addr())
	}
	if r.file != nil {
		all = append(all, &net.UnixAddr{Name: r.file.path, Net: "unixgram"})
	}
	return all
}

func (r *running) start(ctx context.Context) {
	for _, p := range r.packets {
		r.busy.Go(func() { r.end(p.receive(ctx, r.grace)) })
	}
	if r.stream != nil {
		r.busy.Go(func() { r.end(r.stream.accept(ctx, r.grace)) })
	}
}

// end ends the run if err is not nil.
func (r *running) end(err error) {
	if err != nil {
		r.once.Do(func() { r.err = err })
		r.stop()
	}
}

// tend ends series until ctx is done.
func (r *running) tend(ctx context.Context) {
	every := time.NewTicker(tendEvery)
	defer every.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-every.C:
			r.source.table.expire(now)
		}
	}
}

const tendEvery = 10 * time.Second

func (r *running) close() {
	for _, p := range r.packets {
		p.close()
	}
	if r.stream != nil {
		r.stream.l.Close()
	}
	if r.file != nil {
		r.file.remove()
	}
}

// A socketFile is that of a unix socket.
type socketFile struct {
	path string
	info os.FileInfo
}

// remove leaves a file that another one has put in its place.
func (f *socketFile) remove() {
	if now, err := os.Lstat(f.path); err == nil && f.info != nil && os.SameFile(now, f.info) {
		os.Remove(f.path)
	}
}
