package pod_test

import (
	"context"
	"net"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/podpatterns/podpatterns/pod"
	"github.com/podpatterns/podpatterns/pod/podtest"
	"github.com/podpatterns/podpatterns/pod/sandbox"
	"github.com/podpatterns/podpatterns/sidecar"
)

// What arrives while a container is restarted waits in the socket for its next
// run.
func TestAPacketSocketIsHeldOverRestarts(t *testing.T) {
	podtest.NoLeaks(t)
	addresses := make(chan net.Addr, 1)
	got := make(chan string, 10)
	stopped, goOn := make(chan struct{}), make(chan struct{})
	first := true
	p := &pod.Pod{Containers: []pod.Container{
		{Name: "statsd", Sidecar: sidecar.Func(func(ctx context.Context, _ *os.Root) error {
			c, err := sandbox.ListenPacket(ctx, "udp", "127.0.0.1:0")
			if err != nil {
				return err
			}
			_, err = sandbox.ListenPacket(ctx, "udp", "127.0.0.1:0")
			require.ErrorContains(t, err, "open already")
			select {
			case addresses <- c.LocalAddr():
			default:
			}
			if first {
				first = false
				defer func() { // the pod itself takes back what a run leaves open
					close(stopped)
					<-goOn
				}()
			} else {
				defer c.Close()
			}
			context.AfterFunc(ctx, func() { c.SetReadDeadline(time.Unix(1, 0)) })
			buf := make([]byte, 100)
			for {
				n, _, err := c.ReadFrom(buf)
				if err != nil {
					return nil
				}
				got <- string(buf[:n])
			}
		})},
		{Name: "main", Run: mainUntil},
	}}
	b := start(t, p)
	address := <-addresses
	client, err := net.Dial("udp", address.String())
	require.NoError(t, err)
	defer client.Close()
	send := func(text string) {
		_, err := client.Write([]byte(text))
		require.NoError(t, err)
	}
	send("before")
	require.Equal(t, "before", <-got)
	restarted := make(chan error, 1)
	go func() { restarted <- p.Restart("statsd") }()
	<-stopped
	send("between")
	close(goOn)
	require.NoError(t, <-restarted)
	require.Equal(t, "between", <-got)
	require.Equal(t, address, <-addresses, "the same socket")
	send("after")
	require.Equal(t, "after", <-got)
	require.NoError(t, b.stop())
	again, err := net.ListenPacket("udp", address.String())
	require.NoError(t, err, "and given back at the end")
	require.NoError(t, again.Close())
}
