package podtest_test

import (
	"net"
	"path/filepath"
	"testing"

	"golang.org/x/net/nettest"

	"github.com/podpatterns/podpatterns/pod/podtest"
)

func TestConn(t *testing.T) {
	for network, address := range map[string]string{"tcp": "127.0.0.1:0", "unix": filepath.Join(t.TempDir(), "l.sock")} {
		t.Run(network, func(t *testing.T) {
			nettest.TestConn(t, func() (c1, c2 net.Conn, stop func(), err error) {
				var n podtest.Network
				l, err := n.Listen(t.Context(), network, address)
				if err != nil {
					return nil, nil, nil, err
				}
				defer l.Close()
				if c1, err = n.DialContext(t.Context(), network, l.Addr().String()); err != nil {
					return nil, nil, nil, err
				}
				if c2, err = l.Accept(); err != nil {
					c1.Close()
					return nil, nil, nil, err
				}
				return c1, c2, func() {
					c1.Close()
					c2.Close()
				}, nil
			})
		})
	}
}
