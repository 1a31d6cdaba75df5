package pod

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"path/filepath"
	"strconv"
	"strings"
)

// splitListen reads a Container's Listen. A unix path is still relative to the
// pod's directory.
func splitListen(listen string) (network, address string, err error) {
	if path, ok := strings.CutPrefix(listen, "unix:"); ok {
		if path == "" {
			return "", "", errors.New("names no path after unix:")
		}
		if !filepath.IsAbs(path) && !filepath.IsLocal(path) {
			return "", "", errors.New("leaves the pod's directory")
		}
		return "unix", filepath.Clean(path), nil
	}
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		var ae *net.AddrError
		if errors.As(err, &ae) {
			return "", "", fmt.Errorf("is no address of host and port: %s", ae.Err)
		}
		return "", "", err
	}
	if n, err := strconv.Atoi(port); err != nil || n < 0 || n > 65535 {
		return "", "", fmt.Errorf("has no port from 0 to 65535: %q", port)
	}
	if host == "" {
		return "", "", fmt.Errorf("has no host: say 127.0.0.1:%[1]s for this machine alone, or 0.0.0.0:%[1]s for all", port)
	}
	return "tcp", listen, nil
}

// addressText is an address as Container.Listen takes it.
func addressText(a net.Addr) string {
	if a.Network() == "unix" {
		return "unix:" + a.String()
	}
	return a.String()
}

// A place is what a container's Listen takes of the machine: a port of one host
// or of all, or a path.
type place struct {
	network, path string // path only of a unix socket
	host          string
	port          string
	container     int
}

func placeOf(address string) place {
	host, port, _ := net.SplitHostPort(address)
	n, _ := strconv.Atoi(port)
	return place{network: "tcp", host: host, port: strconv.Itoa(n)}
}

// meets says whether p and other can't both be listened on. Names are compared as
// they are; two of one address are found when the second is opened.
func (p place) meets(other place) bool {
	a, errA := netip.ParseAddr(p.host)
	b, errB := netip.ParseAddr(other.host)
	if p.network == "unix" || errA != nil || errB != nil {
		return p.host == other.host
	}
	return a == b || takes(a, b) || takes(b, a)
}

// takes says whether all, listened on, leaves nothing of one: the IPv6 wildcard
// takes IPv4 as well.
func takes(all, one netip.Addr) bool {
	return all.IsUnspecified() && (all.Is6() || one.Is4())
}
