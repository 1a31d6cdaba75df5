package statsd

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"syscall"

	"github.com/podpatterns/podpatterns/internal/hostport"
)

// listenUnix opens a datagram socket at path. A socket that a process left behind
// which is no more is removed; one that is in use is not.
func listenUnix(ctx context.Context, path string, mode os.FileMode) (net.PacketConn, *socketFile, error) {
	where, err := hostport.Address{Network: "unix", Name: path}.Where(ctx)
	if err != nil {
		return nil, nil, fmt.Errorf("Unix: %q: %w", path, err)
	}
	path = where
	at := &net.UnixAddr{Name: path, Net: "unixgram"}
	c, err := net.ListenUnixgram("unixgram", at)
	if errors.Is(err, syscall.EADDRINUSE) && abandoned(at) {
		os.Remove(path)
		c, err = net.ListenUnixgram("unixgram", at)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("Unix: %w", err)
	}
	f := &socketFile{path: path}
	if f.info, err = os.Lstat(path); err == nil && mode != 0 {
		err = os.Chmod(path, mode)
	}
	if err != nil && path[0] != '@' { // of the abstract ones linux has no file
		c.Close()
		f.remove()
		return nil, nil, fmt.Errorf("Unix: %w", err)
	}
	return c, f, nil
}

// abandoned says whether at is a socket that nobody reads from.
func abandoned(at *net.UnixAddr) bool {
	if info, err := os.Lstat(at.Name); err != nil || info.Mode().Type() != os.ModeSocket {
		return false
	}
	c, err := net.DialUnix("unixgram", nil, at)
	if err != nil {
		return errors.Is(err, syscall.ECONNREFUSED)
	}
	c.Close()
	return false
}
