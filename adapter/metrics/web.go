package metrics

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"sync"

	"golang.org/x/time/rate"

	"github.com/podpatterns/podpatterns/internal/files"
	"github.com/podpatterns/podpatterns/pod/sandbox"
)

// maxWebConfig bounds the file of a WebConfig, in bytes.
const maxWebConfig = 1 << 20

// A web follows the file of a WebConfig: it is read at each request and handshake,
// and taken when it is good. A bad one is logged, and the last good one holds. A
// nil *web asks for nothing.
type web struct {
	ctx     context.Context
	path    string
	secure  bool // with TLS, and http2, as it was at the start: neither can change
	http2   bool
	proofs  proofs
	limiter *rate.Limiter

	mu      sync.Mutex
	content []byte
	config  *webConfig
	tls     *tls.Config // nil without TLS
	failed  string      // why config is not the newest, as it was logged
}

func loadWeb(ctx context.Context, path string) (*web, error) {
	w := &web{ctx: ctx, path: path}
	content, err := w.read()
	if err != nil {
		return nil, err
	}
	if w.config, err = parseWeb(content, path); err != nil {
		return nil, err
	}
	w.content, w.secure = content, w.config.TLS != nil
	w.http2 = w.config.HTTP.HTTP2 == nil || *w.config.HTTP.HTTP2
	if w.secure {
		if w.tls, err = w.config.TLS.serverTLS(ctx, w.http2); err != nil {
			return nil, err
		}
	}
	if r := w.config.Rate; r.Interval > 0 {
		w.limiter = rate.NewLimiter(rate.Every(r.Interval), r.Burst)
	}
	return w, nil
}

func (w *web) read() ([]byte, error) { return files.Read(sandbox.Root(w.ctx), w.path, maxWebConfig) }

// now returns the newest good configuration.
func (w *web) now() (*webConfig, *tls.Config) {
	content, err := w.read()
	w.mu.Lock()
	defer w.mu.Unlock()
	if err == nil && bytes.Equal(content, w.content) {
		w.failed = ""
		return w.config, w.tls
	}
	if err == nil {
		err = w.takeLocked(content)
	}
	if err != nil {
		if why := err.Error(); why != w.failed {
			w.failed = why
			sandbox.Logger(w.ctx).Warn("metrics: WebConfig cannot be renewed, the last good one is kept", "err", err)
		}
		return w.config, w.tls
	}
	sandbox.Logger(w.ctx).Info("metrics: WebConfig renewed", "path", w.path)
	return w.config, w.tls
}

func (w *web) takeLocked(content []byte) error {
	c, err := parseWeb(content, w.path)
	if err != nil {
		return err
	}
	if (c.TLS != nil) != w.secure {
		return errors.New("tls_server_config: it cannot come or go while the exporter runs")
	}
	var t *tls.Config
	if w.secure {
		if t, err = c.TLS.serverTLS(w.ctx, w.http2); err != nil {
			return err
		}
	}
	w.content, w.config, w.tls, w.failed = content, c, t, ""
	return nil
}

// listener speaks TLS on l if that is asked for.
func (w *web) listener(l net.Listener) net.Listener {
	if w == nil || !w.secure {
		return l
	}
	return tls.NewListener(l, w.tlsConfig())
}

// tlsConfig is nil without TLS.
func (w *web) tlsConfig() *tls.Config {
	if w == nil || !w.secure {
		return nil
	}
	w.mu.Lock()
	c := w.tls.Clone()
	w.mu.Unlock()
	c.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
		_, newest := w.now()
		return newest.GetConfigForClient(hello)
	}
	return c
}

func (w *web) protocols() *http.Protocols {
	var p http.Protocols
	p.SetHTTP1(true)
	p.SetHTTP2(w != nil && w.secure && w.http2)
	return &p
}
