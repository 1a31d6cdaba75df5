//go:build linux

package main

import (
	"context"
	"io"
	"log/slog"
	"net"
	"os/signal"
	"syscall"

	inetaf "github.com/inetaf/tcpproxy"

	"github.com/podpatterns/podpatterns/ambassador/tcpproxy"
	"github.com/podpatterns/podpatterns/internal/rivals/contest"
	"github.com/podpatterns/podpatterns/pod/sandbox"
)

var roles = map[string]func(listen, backend string) error{
	"backend": serveBackend, "inetaf": runInetaf, "iocopy": runCopy, "tcpproxy": runOurs,
}

func runOurs(listen, backend string) error {
	l, err := net.Listen("tcp", listen)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	quiet := &sandbox.Sandbox{Logger: slog.New(slog.DiscardHandler)}
	proxy := &tcpproxy.Proxy{Upstream: tcpproxy.To(backend), MaxConns: contest.Capacity()}
	return proxy.Serve(quiet.Context(ctx), l)
}

func runInetaf(listen, backend string) error {
	var p inetaf.Proxy
	p.AddRoute(listen, inetaf.To(backend))
	return p.Run()
}

// runCopy is the least that a proxy in Go can be.
func runCopy(listen, backend string) error {
	l, err := net.Listen("tcp", listen)
	if err != nil {
		return err
	}
	for {
		client, err := l.Accept()
		if err != nil {
			return err
		}
		go func() {
			upstream, err := net.Dial("tcp", backend)
			if err != nil {
				client.Close()
				return
			}
			done := make(chan struct{})
			go func() {
				copyHalf(upstream, client)
				close(done)
			}()
			copyHalf(client, upstream)
			<-done
			client.Close()
			upstream.Close()
		}()
	}
}

func copyHalf(dst, src net.Conn) {
	io.Copy(dst, src)
	dst.(*net.TCPConn).CloseWrite()
}

// The first byte of a connection says what the backend is to do with it.
const (
	echoes = 'e' // what follows
	pours  = 'p' // until it is closed
)

func serveBackend(listen, _ string) error {
	l, err := net.Listen("tcp", listen)
	if err != nil {
		return err
	}
	for {
		c, err := l.Accept()
		if err != nil {
			return err
		}
		go answer(c)
	}
}

func answer(c net.Conn) {
	defer c.Close()
	b := make([]byte, 128)
	if _, err := io.ReadFull(c, b[:1]); err != nil {
		return
	}
	if b[0] == pours {
		big := make([]byte, 256<<10)
		for err := error(nil); err == nil; {
			_, err = c.Write(big)
		}
		return
	}
	for {
		n, err := c.Read(b)
		if err != nil {
			return
		}
		if _, err := c.Write(b[:n]); err != nil {
			return
		}
	}
}
