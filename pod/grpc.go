package pod

import (
	"context"

	"github.com/podpatterns/podpatterns/internal/grpchealth"
)

// GRPC asks the container's grpc.health.v1.Health service, over HTTP/2 without
// TLS. It succeeds with SERVING (K26).
type GRPC struct {
	Address string // host and port; empty: where the container listens
	Service string // empty: the server as a whole
}

// Handle asks the container.
func (h GRPC) Handle(ctx context.Context) error {
	dial, address, err := target(ctx, h.Address)
	if err != nil {
		return err
	}
	return grpchealth.Check(ctx, dial, address, h.Service)
}
