package upstream

import (
	"context"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/podpatterns/podpatterns/pod/sandbox"
)

// A place is an address, taken apart.
type place struct {
	network string // "tcp" or "unix"
	name    string // host:port, or the path
	host    string // empty for a unix socket
	port    string
}

// parsePlace reads "host:port" or "unix:/path".
func parsePlace(address string) (place, error) {
	if path, ok := strings.CutPrefix(address, "unix:"); ok {
		if path == "" {
			return place{}, errors.New("names no path after unix:")
		}
		return place{network: "unix", name: path}, nil
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		if ae := (*net.AddrError)(nil); errors.As(err, &ae) {
			return place{}, fmt.Errorf("is not host:port: %s", ae.Err)
		}
		return place{}, fmt.Errorf("is not host:port: %w", err)
	}
	if host == "" {
		return place{}, fmt.Errorf("has no host: say 127.0.0.1:%s for this pod", port)
	}
	if strings.ContainsFunc(host, notInHost) {
		return place{}, fmt.Errorf("has a host that is none: %q", host)
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return place{}, fmt.Errorf("has no port from 1 to 65535: %q", port)
	}
	return place{network: "tcp", name: address, host: host, port: port}, nil
}

// notInHost refuses what is in no name and no IP address, so that rubbish in a
// file is seen for what it is.
func notInHost(r rune) bool { return r <= ' ' || r == 0x7f || strings.ContainsRune(`/\"'<>{},;@`, r) }

// where is what to dial: the path of a unix socket is relative to the container's
// root, and stays inside it, where there is one.
func (p place) where(ctx context.Context) (string, error) {
	root := sandbox.Root(ctx)
	if p.network != "unix" || root == nil || filepath.IsAbs(p.name) || strings.HasPrefix(p.name, "@") {
		return p.name, nil
	}
	if !filepath.IsLocal(p.name) {
		return "", errors.New("path escapes from the root")
	}
	return filepath.Join(root.Name(), p.name), nil
}
