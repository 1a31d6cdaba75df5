// Package hostport reads the addresses of upstreams: "host:port" and "unix:/path".
package hostport

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/podpatterns/podpatterns/pod/sandbox"
)

// An Address is one, taken apart.
type Address struct {
	Network string // "tcp" or "unix"
	Name    string // host:port, or the path
	Host    string // empty for a unix socket
	Port    string // from 1 to 65535; empty for a unix socket
}

// Parse reads one. Its error says what is wrong with the text, and does not repeat it.
func Parse(text string) (Address, error) {
	if path, ok := strings.CutPrefix(text, "unix:"); ok {
		if path == "" {
			return Address{}, errors.New("names no path after unix:")
		}
		return Address{Network: "unix", Name: path}, nil
	}
	host, port, err := net.SplitHostPort(text)
	if err != nil {
		if ae := (*net.AddrError)(nil); errors.As(err, &ae) {
			return Address{}, fmt.Errorf("is not host:port: %s", ae.Err)
		}
		return Address{}, fmt.Errorf("is not host:port: %w", err)
	}
	if host == "" {
		return Address{}, fmt.Errorf("has no host: say 127.0.0.1:%s for this pod", port)
	}
	if strings.ContainsFunc(host, NotInHost) {
		return Address{}, fmt.Errorf("has a host that is none: %q", host)
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return Address{}, fmt.Errorf("has no port from 1 to 65535: %q", port)
	}
	return Address{Network: "tcp", Name: text, Host: host, Port: port}, nil
}

// NotInHost refuses what is in no name and no IP address, so that rubbish in a
// file is seen for what it is.
func NotInHost(r rune) bool { return r <= ' ' || r == 0x7f || strings.ContainsRune(`/\"'<>{},;@`, r) }

// Where is what to dial: the path of a unix socket is relative to the container's
// root, and stays inside it, where there is one.
func (a Address) Where(ctx context.Context) (string, error) {
	root := sandbox.Root(ctx)
	if a.Network != "unix" || root == nil || filepath.IsAbs(a.Name) || strings.HasPrefix(a.Name, "@") {
		return a.Name, nil
	}
	if !filepath.IsLocal(a.Name) {
		return "", errors.New("path escapes from the root")
	}
	if _, err := root.Stat(a.Name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", err // as where a link of it leads out
	}
	return filepath.Join(root.Name(), a.Name), nil
}
