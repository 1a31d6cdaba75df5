package pod

import (
	"testing"
)

func FuzzSplitListen(f *testing.F) {
	for _, seed := range []string{"127.0.0.1:80", "[::1]:0", ":80", "unix:a/b.sock", "unix:../x", "localhost:http"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, listen string) {
		network, address, err := splitListen(listen)
		if err == nil && (address == "" || network != "tcp" && network != "unix") {
			t.Fatalf("%q is %q %q", listen, network, address)
		}
		if network == "tcp" {
			where := placeOf(address)
			if !where.meets(where) {
				t.Fatalf("%q does not meet itself", listen)
			}
		}
	})
}
