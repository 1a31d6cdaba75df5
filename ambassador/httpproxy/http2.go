package httpproxy

import (
	"context"
	"net"
	"time"
)

type h2Pool struct{}

func (p *h2Pool) close() {}

type server2 struct{}

func newServer2(r *run, a net.Addr) *server2                     { return &server2{} }
func (s *server2) take(c *client)                                { c.close() }
func (s *server2) shutdown(ctx context.Context)                  {}
func (s *server2) cut()                                          {}
func (x *exchange) attempt2(a *answer, l any, t time.Time) error { return nil }
