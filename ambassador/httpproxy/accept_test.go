package httpproxy

import (
	"context"
	"net"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/podpatterns/podpatterns/pod/podtest"
	"github.com/podpatterns/podpatterns/pod/sandbox"
)

// A faultyListener fails with these first.
type faultyListener struct {
	net.Listener
	faults []error
}

func (l *faultyListener) Accept() (net.Conn, error) {
	if len(l.faults) == 0 {
		return l.Listener.Accept()
	}
	err := l.faults[0]
	l.faults = l.faults[1:]
	return nil, &net.OpError{Op: "accept", Net: "tcp", Err: err}
}

// What accept fails with for one connection, or for a while, does not end Serve.
func TestAcceptErrorsPass(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		memory := &podtest.Network{}
		l, err := memory.Listen(t.Context(), "tcp", "127.0.0.1:80")
		require.NoError(t, err)
		ctx, stop := context.WithCancel((&sandbox.Sandbox{Dial: memory.DialContext}).Context(t.Context()))
		defer stop()
		p := &Proxy{Upstream: To("127.0.0.1:8080"), MaxConns: 1}
		served := make(chan error, 1)
		go func() { served <- p.Serve(ctx, &faultyListener{l, []error{syscall.EMFILE, syscall.EPERM}}) }()
		time.Sleep(time.Second)
		c, err := memory.DialContext(ctx, "tcp", "127.0.0.1:80")
		require.NoError(t, err)
		defer c.Close()
		synctest.Wait()
		s := p.Stats()
		require.EqualValues(t, 2, s.AcceptErrors)
		require.EqualValues(t, 1, s.Accepted)
		require.EqualValues(t, 1, s.Full, "the next one waits for this one's slot")
		stop()
		require.NoError(t, <-served)
	})
}
