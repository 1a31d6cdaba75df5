package upstream

import (
	"context"
	"net"
)

type (
	keyKey    struct{}
	clientKey struct{}
)

// WithKey returns a context for Dial and Pick that has what [Maglev] hashes: all
// with the same key go to the same endpoint.
func WithKey(ctx context.Context, key string) context.Context {
	return context.WithValue(ctx, keyKey{}, key)
}

func keyOf(ctx context.Context) (string, bool) {
	key, ok := ctx.Value(keyKey{}).(string)
	return key, ok
}

// A client is who a connection is for: where it comes from, and what it was
// addressed to.
type client struct{ src, dst net.Addr }

// WithClient returns a context for Dial that has what the PROXY header tells the
// upstream: the client's address, and the one that it connected to.
func WithClient(ctx context.Context, src, dst net.Addr) context.Context {
	return context.WithValue(ctx, clientKey{}, client{src, dst})
}

func clientOf(ctx context.Context) (client, bool) {
	c, ok := ctx.Value(clientKey{}).(client)
	return c, ok
}
