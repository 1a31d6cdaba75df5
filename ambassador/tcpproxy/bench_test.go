package tcpproxy

import (
	"context"
	"io"
	"log/slog"
	"net"
	"sync"
	"testing"

	"github.com/podpatterns/podpatterns/pod/sandbox"
)

// ways are what the proxy is measured beside: no proxy at all, and the least
// that one can do. Compare within one run only.
var ways = []struct {
	name  string
	start func(b *testing.B, backend string) (addr string)
}{
	{"direct", func(b *testing.B, backend string) string { return backend }},
	{"iocopy", startCopier},
	{"tcpproxy", startProxy},
}

func startProxy(b *testing.B, backend string) string {
	l := benchListen(b)
	ctx, cancel := context.WithCancel((&sandbox.Sandbox{Logger: slog.New(slog.DiscardHandler)}).Context(context.Background()))
	served := make(chan error, 1)
	go func() { served <- (&Proxy{Upstream: To(backend)}).Serve(ctx, l) }()
	b.Cleanup(func() {
		cancel()
		if err := <-served; err != nil {
			b.Error(err)
		}
	})
	return l.Addr().String()
}

func startCopier(b *testing.B, backend string) string {
	l := benchListen(b)
	b.Cleanup(func() { l.Close() })
	go func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				upstream, err := net.Dial("tcp", backend)
				if err != nil {
					client.Close()
					return
				}
				go copyHalf(upstream, client)
				copyHalf(client, upstream)
			}()
		}
	}()
	return l.Addr().String()
}

func copyHalf(dst, src net.Conn) {
	io.Copy(dst, src)
	dst.(halfConn).CloseWrite()
}

func benchListen(b *testing.B) net.Listener {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	return l
}

func eachWayTo(b *testing.B, serve func(net.Listener), f func(b *testing.B, addr string)) {
	for _, way := range ways {
		b.Run(way.name, func(b *testing.B) {
			backend := benchListen(b)
			b.Cleanup(func() { backend.Close() })
			go serve(backend)
			addr := way.start(b, backend.Addr().String())
			b.ReportAllocs()
			f(b, addr)
		})
	}
}

// BenchmarkThroughput reports the MB/s of one connection that sends.
func BenchmarkThroughput(b *testing.B) {
	const piece = 256 << 10
	var taken sync.WaitGroup
	discardAll := func(l net.Listener) {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			taken.Go(func() {
				defer c.Close()
				b := make([]byte, 256<<10)
				for err := error(nil); err == nil; {
					_, err = c.Read(b)
				}
				c.Write(b[:1]) // tells that all has arrived
			})
		}
	}
	eachWayTo(b, discardAll, func(b *testing.B, addr string) {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			b.Fatal(err)
		}
		defer c.Close()
		buf := make([]byte, piece)
		b.SetBytes(piece)
		for b.Loop() {
			if _, err := c.Write(buf); err != nil {
				b.Fatal(err)
			}
		}
		c.(halfConn).CloseWrite()
		io.ReadAll(c)
		taken.Wait()
	})
}

// BenchmarkPingPong has messages of 64 bytes go there and back: over one
// connection, and over 64 at once.
func BenchmarkPingPong(b *testing.B) {
	for name, conns := range map[string]int{"1": 1, "64": 64} {
		b.Run(name, func(b *testing.B) {
			eachWayTo(b, echoAll, func(b *testing.B, addr string) {
				pool := make(chan net.Conn, conns)
				for range conns {
					c, err := net.Dial("tcp", addr)
					if err != nil {
						b.Fatal(err)
					}
					defer c.Close()
					pool <- c
				}
				b.SetParallelism(conns)
				b.ResetTimer()
				b.RunParallel(func(pb *testing.PB) {
					var c net.Conn
					select {
					case c = <-pool:
					default: // more goroutines than connections
						return
					}
					buf := make([]byte, len(message))
					for pb.Next() {
						c.Write(message)
						if _, err := io.ReadFull(c, buf); err != nil {
							b.Error(err)
							return
						}
					}
				})
			})
		})
	}
}

// BenchmarkConnection is a connection with one message there and back.
func BenchmarkConnection(b *testing.B) {
	eachWayTo(b, echoAll, func(b *testing.B, addr string) {
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				if err := roundTrip(addr); err != nil {
					b.Error(err)
					return
				}
			}
		})
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "conns/s")
	})
}
