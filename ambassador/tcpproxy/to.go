package tcpproxy

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-multierror"

	"github.com/podpatterns/podpatterns/internal/hostport"
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
	hostport.Address
	text string      // as it was given
	down atomic.Bool // its last dial failed
}

func newAddresses(names []string) *addresses {
	a := &addresses{list: make([]address, len(names))}
	wrong := &multierror.Error{ErrorFormat: oneLine}
	if len(names) == 0 {
		wrong = multierror.Append(wrong, errors.New("To: no address"))
	}
	for i, name := range names {
		at, err := hostport.Parse(name)
		if err != nil {
			wrong = multierror.Append(wrong, fmt.Errorf("To: address %q %w", name, err))
		}
		a.list[i].Address, a.list[i].text = at, name
	}
	a.wrong = wrong.ErrorOrNil()
	return a
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
	where, err := a.Where(ctx)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", a.text, err)
	}
	if many > 1 {
		deadline, _ := ctx.Deadline()
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Until(deadline)/time.Duration(many))
		defer cancel()
	}
	c, err := sandbox.Dial(ctx, a.Network, where)
	if err == nil && c == nil {
		err = errNoConn
	}
	if err != nil {
		if !errors.Is(ctx.Err(), context.Canceled) && a.down.CompareAndSwap(false, true) { // else the client has left
			sandbox.Logger(ctx).Warn("upstream address does not answer", "address", a.Name, "err", err)
		}
		return nil, fmt.Errorf("%s: %w", a.Name, err)
	}
	if a.down.CompareAndSwap(true, false) {
		sandbox.Logger(ctx).Info("upstream address answers again", "address", a.Name)
	}
	return c, nil
}
