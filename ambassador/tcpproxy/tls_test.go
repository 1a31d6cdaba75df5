package tcpproxy

import (
	"crypto/tls"
	"io"
	"net"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"
)

// A listener that speaks TLS is one that the proxy ends TLS for, with half-close
// and resets as ever.
func TestTLSListener(t *testing.T) {
	certified := httptest.NewTLSServer(nil)
	certified.Close()
	for name, reset := range map[string]bool{"ended": false, "reset": true} {
		t.Run(name, func(t *testing.T) {
			r := prepare(t, &Proxy{}, "tcp", "tcp")
			r.serve(tls.NewListener(r.front, &tls.Config{Certificates: certified.TLS.Certificates}))
			client := tls.Client(r.dialFront(), &tls.Config{InsecureSkipVerify: true})
			greeted := make(chan error, 1)
			go func() { greeted <- client.Handshake() }()
			server, err := r.backend.Accept()
			require.NoError(t, err)
			require.NoError(t, <-greeted)
			requireEcho(t, client, server)
			require.NoError(t, client.CloseWrite())
			requireEnd(t, server, "")
			write(t, server, "answer")
			requireRead(t, client, "answer")
			if reset {
				require.NoError(t, server.(*net.TCPConn).SetLinger(0))
			}
			require.NoError(t, server.Close())
			_, err = io.ReadAll(client)
			require.Equal(t, reset, err != nil, "%v", err)
			require.NoError(t, r.finish())
		})
	}
}
