package tcpproxy

import (
	"context"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-multierror"

	"github.com/podpatterns/podpatterns/pod/sandbox"
)

// To returns an Upstream of these addresses: "host:port", or "unix:/path" for a
// unix socket, whose relative path is one in the container's root. The first
// choice goes round; an address that cannot be dialled, or not in its share of
// the time, is followed by the next one, until each was tried once. The share is
// what is left of [Proxy.DialTimeout], divided by how many are left to try. It
// logs when an address stops to answer, and when it does again.
//
// Wrong addresses, and none at all, are what [Proxy.Serve] returns at once.
func To(addresses ...string) Upstream { return newAddresses(addresses) }

var _ Upstream = (*addresses)(nil)

type addresses struct {
	list  []address
	next  atomic.Uint64
	wrong error
}

type address struct {
	network, address string
	down             atomic.Bool // its last dial failed
}

func newAddresses(names []string) *addresses {
	a := &addresses{list: make([]address, len(names))}
	wrong := &multierror.Error{ErrorFormat: oneLine}
	if len(names) == 0 {
		wrong = multierror.Append(wrong, errors.New("To: no address"))
	}
	for i, name := range names {
		network, addr, err := parse(name)
		if err != nil {
			wrong = multierror.Append(wrong, fmt.Errorf("To: address %q %w", name, err))
		}
		a.list[i].network, a.list[i].address = network, addr
	}
	a.wrong = wrong.ErrorOrNil()
	return a
}

func parse(name string) (network, addr string, err error) {
	if path, ok := strings.CutPrefix(name, "unix:"); ok {
		if path == "" {
			return "", "", errors.New("names no path after unix:")
		}
		return "unix", path, nil
	}
	host, port, err := net.SplitHostPort(name)
	if err != nil {
		if ae := (*net.AddrError)(nil); errors.As(err, &ae) {
			return "", "", fmt.Errorf("is not host:port: %s", ae.Err)
		}
		return "", "", fmt.Errorf("is not host:port: %w", err)
	}
	if host == "" {
		return "", "", fmt.Errorf("has no host: say 127.0.0.1:%s for this pod", port)
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return "", "", fmt.Errorf("has no port from 1 to 65535: %q", port)
	}
	return "tcp", name, nil
}

// Validate returns what is wrong with the addresses.
func (a *addresses) Validate() error { return a.wrong }

// Dial gives each address an even share of the time that is left.
func (a *addresses) Dial(ctx context.Context) (net.Conn, error) {
	if a.wrong != nil {
		return nil, a.wrong
	}
	if _, ok := ctx.Deadline(); !ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, defaultDialTimeout)
		defer cancel()
	}
	var failed *multierror.Error
	first := a.next.Add(1) - 1
	for i := range a.list {
		c, err := a.list[(first+uint64(i))%uint64(len(a.list))].dial(ctx, len(a.list)-i)
		if err == nil {
			return c, nil
		}
		failed = multierror.Append(failed, err)
		if ctx.Err() != nil {
			break
		}
	}
	failed.ErrorFormat = oneLine
	return nil, failed
}

// dial takes the share of the time of one in so many.
func (a *address) dial(ctx context.Context, many int) (net.Conn, error) {
	path, err := a.path(ctx)
	if err != nil {
		return nil, err
	}
	if many > 1 {
		deadline, _ := ctx.Deadline()
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Until(deadline)/time.Duration(many))
		defer cancel()
	}
	c, err := sandbox.Dial(ctx, a.network, path)
	if err == nil && c == nil {
		err = errNoConn
	}
	if err != nil {
		if a.down.CompareAndSwap(false, true) {
			sandbox.Logger(ctx).Warn("upstream address does not answer", "address", a.address, "err", err)
		}
		return nil, fmt.Errorf("%s: %w", a.address, err)
	}
	if a.down.CompareAndSwap(true, false) {
		sandbox.Logger(ctx).Info("upstream address answers again", "address", a.address)
	}
	return c, nil
}

// path is the address to dial: a unix one is relative to the container's root,
// and stays inside it, where there is one.
func (a *address) path(ctx context.Context) (string, error) {
	root := sandbox.Root(ctx)
	if a.network != "unix" || root == nil || filepath.IsAbs(a.address) || strings.HasPrefix(a.address, "@") {
		return a.address, nil
	}
	if !filepath.IsLocal(a.address) {
		return "", fmt.Errorf("unix:%s: path escapes from the root", a.address)
	}
	return filepath.Join(root.Name(), a.address), nil
}
