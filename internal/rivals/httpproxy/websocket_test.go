package httpproxy_test

import (
	"context"
	"crypto/rand"
	"net/http"
	"sync"
	"testing"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"
)

func TestWebSocket(t *testing.T) {
	addr := before(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: []string{"echo"}, CompressionMode: websocket.CompressionContextTakeover})
		if err != nil {
			return
		}
		defer c.CloseNow()
		c.SetReadLimit(2 << 20)
		if err := c.Write(r.Context(), websocket.MessageText, []byte("the server speaks first")); err != nil {
			return
		}
		for {
			kind, b, err := c.Read(r.Context())
			if err != nil {
				return
			}
			if string(b) == "bye" {
				c.Close(4321, "as you wish")
				return
			}
			if c.Write(r.Context(), kind, b) != nil {
				return
			}
		}
	}))
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			c, res, err := websocket.Dial(ctx, "ws://"+addr+"/x", &websocket.DialOptions{Subprotocols: []string{"echo"}, CompressionMode: websocket.CompressionContextTakeover})
			if err != nil {
				t.Error(err)
				return
			}
			defer c.CloseNow()
			if res.StatusCode != http.StatusSwitchingProtocols || c.Subprotocol() != "echo" {
				t.Error(res.Status, c.Subprotocol())
			}
			c.SetReadLimit(2 << 20)
			if _, b, err := c.Read(ctx); err != nil || string(b) != "the server speaks first" {
				t.Errorf("%q %v", b, err)
			}
			for _, size := range []int{1, 125, 126, 65535, 65536, 1 << 20} {
				message := make([]byte, size)
				rand.Read(message)
				if err := c.Write(ctx, websocket.MessageBinary, message); err != nil {
					t.Error(err)
					return
				}
				_, b, err := c.Read(ctx)
				if err != nil || string(b) != string(message) {
					t.Errorf("%d of %d bytes: %v", len(b), size, err)
					return
				}
			}
			c.Write(ctx, websocket.MessageText, []byte("bye"))
			_, _, err = c.Read(ctx)
			if websocket.CloseStatus(err) != 4321 {
				t.Error(err)
			}
		})
	}
	all.Wait()
}

func TestWebSocketThatIsRefused(t *testing.T) {
	addr := before(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { http.Error(w, "no", http.StatusForbidden) }))
	_, res, err := websocket.Dial(t.Context(), "ws://"+addr, nil)
	require.Error(t, err)
	require.Equal(t, http.StatusForbidden, res.StatusCode)
}
