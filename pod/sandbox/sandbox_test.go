package sandbox_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/podpatterns/podpatterns/pod/podtest"
	"github.com/podpatterns/podpatterns/pod/sandbox"
)

func TestOutsideAPodEachFallsBackToTheMachines(t *testing.T) {
	podtest.NoLeaks(t)
	ctx := t.Context()
	require.Nil(t, sandbox.From(ctx))
	require.Nil(t, sandbox.Root(ctx))
	require.Same(t, slog.Default(), sandbox.Logger(ctx))

	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	c, err := sandbox.Dial(ctx, "tcp", l.Addr().String())
	require.NoError(t, err)
	require.NoError(t, c.Close())

	packets, err := sandbox.ListenPacket(ctx, "udp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, packets.Close())

	_, err = sandbox.Addr(ctx, "db")
	require.ErrorIs(t, err, sandbox.ErrUnknown)
	require.ErrorContains(t, err, `"db"`)
	_, err = sandbox.Process(ctx, "db")
	require.ErrorIs(t, err, sandbox.ErrUnknown)
	require.ErrorContains(t, err, `"db"`)
}

func TestInAPodEachIsThePods(t *testing.T) {
	dir := t.TempDir()
	root, err := os.OpenRoot(dir)
	require.NoError(t, err)
	defer root.Close()
	var log bytes.Buffer
	failure := errors.New("of the pod")
	s := &sandbox.Sandbox{
		Logger:       slog.New(slog.NewTextHandler(&log, nil)),
		Root:         root,
		Dial:         func(context.Context, string, string) (net.Conn, error) { return nil, failure },
		ListenPacket: func(context.Context, string, string) (net.PacketConn, error) { return nil, failure },
		Addr:         func(_ context.Context, name string) (net.Addr, error) { return &net.UnixAddr{Name: name}, nil },
		Process:      func(context.Context, string) (int, error) { return 7, nil },
	}
	ctx, cancel := context.WithCancel(s.Context(t.Context()))
	defer cancel() // a derived context carries it as well
	require.Same(t, s, sandbox.From(ctx))
	require.Same(t, root, sandbox.Root(ctx))
	sandbox.Logger(ctx).Info("hello")
	require.Contains(t, log.String(), "hello")
	_, err = sandbox.Dial(ctx, "tcp", "127.0.0.1:1")
	require.ErrorIs(t, err, failure)
	_, err = sandbox.ListenPacket(ctx, "udp", "127.0.0.1:1")
	require.ErrorIs(t, err, failure)
	a, err := sandbox.Addr(ctx, "db")
	require.NoError(t, err)
	require.Equal(t, "db", a.String())
	pid, err := sandbox.Process(ctx, "db")
	require.NoError(t, err)
	require.Equal(t, 7, pid)
}

// A block asks for its surroundings by the context that it is given.
func Example() {
	sidecar := func(ctx context.Context) error {
		grace, cancel := sandbox.Grace(ctx) // before anything else: it counts from the stop
		defer cancel()
		<-ctx.Done()
		fmt.Println("told to stop, time left:", grace.Err() == nil)
		return nil
	}
	ctx, stop := context.WithCancel(context.Background())
	stop()
	fmt.Println(sidecar(ctx))
	// Output:
	// told to stop, time left: true
	// <nil>
}
