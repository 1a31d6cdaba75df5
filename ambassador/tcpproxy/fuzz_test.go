package tcpproxy

import (
	"net"
	"strconv"
	"strings"
	"testing"
)

// What parse takes can be split again; of the rest it says what is wrong.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"", ":", "a", "a:1", "a:0", "a:65535", "a:65536", "a:+1", "a:01", "a:-1", "a:http", ":80", "::1:80", "[::1]:80", "[::1%lo]:80",
		"[::1", "]:1", "unix:", "unix:/run/s", "unix:s", "unix:@s", "unix:unix:s", "unixx:1", "a:b:1", "a:1 ", "\x00:1",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, name string) {
		network, address, err := parse(name)
		if err != nil {
			if err.Error() == "" || network+address != "" {
				t.Errorf("%q: %q %q %q", name, network, address, err)
			}
			return
		}
		switch network {
		case "unix":
			if address == "" || "unix:"+address != name {
				t.Errorf("%q became the path %q", name, address)
			}
		case "tcp":
			host, port, err := net.SplitHostPort(address)
			n, nerr := strconv.Atoi(port)
			if err != nil || nerr != nil || host == "" || n < 1 || n > 65535 || strings.HasPrefix(name, "unix:") {
				t.Errorf("%q became %q, split into %q and %q (%v, %v)", name, address, host, port, err, nerr)
			}
		default:
			t.Errorf("%q is of network %q", name, network)
		}
	})
}
