package httpproxy

import (
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A look that the timer has called for one request, and that comes to it only
// during the next one, must be over when that one's watch is, or two would read.
func TestALateLookEndsWithTheWatch(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	peer, err := net.Dial("tcp", l.Addr().String())
	require.NoError(t, err)
	defer peer.Close()
	conn, err := l.Accept()
	require.NoError(t, err)
	defer conn.Close()
	c := &client{wire: wire{Conn: conn}}
	c.take()
	w := &c.watch
	for range 20 {
		w.begin(c)
		w.timer.Reset(time.Hour)
		late := make(chan bool)
		go func() {
			w.look(c)
			close(late)
		}()
		require.Eventually(t, func() bool {
			w.mu.Lock()
			defer w.mu.Unlock()
			return w.done != nil
		}, patience, 100*time.Microsecond)
		w.look(c) // a second one does nothing
		w.end(c)
		select {
		case <-late:
		default:
			select {
			case <-late:
			case <-time.After(time.Second):
				t.Fatal("it still reads")
			}
		}
	}
	c.release()
}
