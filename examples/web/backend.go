package main

import (
	"net"
	"net/http"
	"sync/atomic"
)

// A backend is a service somewhere else that the web server needs for each
// request: it says who may come in.
type backend struct {
	address string
	calls   atomic.Int64
	server  http.Server
}

func startBackend() (*backend, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	b := &backend{address: l.Addr().String()}
	b.server.Handler = b
	go b.server.Serve(l)
	return b, nil
}

func (b *backend) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.calls.Add(1)
	w.WriteHeader(http.StatusNoContent)
}

func (b *backend) close() { b.server.Close() }
