package httpproxy

import (
	"context"
	"errors"
	"net/http"

	"github.com/podpatterns/podpatterns/ambassador/upstream"
)

func (p *Proxy) send(ctx context.Context, to *upstream.Cluster, http2 bool, r *http.Request) (*http.Response, error) {
	return nil, errors.ErrUnsupported
}
