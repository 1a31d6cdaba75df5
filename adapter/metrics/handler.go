package metrics

import (
	"log/slog"
	"math"
	"net"
	"net/http"
	"strconv"
	"time"
)

// Limits of what a run holds at a time. Connections beyond wait in the backlog.
const (
	maxScrapes = 16
	maxConns   = 256
)

// server returns the configuration that [sandbox.ServeHTTP] serves with.
func (r *run) server() *http.Server {
	return &http.Server{
		Handler:           r,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       15 * time.Second,
		WriteTimeout:      r.timeout + 30*time.Second, // what cuts off a client that reads slowly
		IdleTimeout:       3 * time.Minute,            // scrapes come every 15 s to 1 min, and should find their connection
		MaxHeaderBytes:    16 << 10,
		ConnState:         r.limit,
		ErrorLog:          slog.NewLogLogger(r.log.Handler(), slog.LevelWarn),
		TLSConfig:         r.web.tlsConfig(),
		Protocols:         r.web.protocols(),
	}
}

// limit is a ConnState hook, because net/http calls it for a new connection
// before it accepts the next. A wrapped listener would hide a *tls.Conn from it.
func (r *run) limit(_ net.Conn, s http.ConnState) {
	switch s {
	case http.StateNew:
		select {
		case r.conns <- struct{}{}:
		case <-r.stop: // and from here on nothing is counted
		}
	case http.StateClosed:
		select {
		case <-r.conns:
		default:
		}
	}
}

// ServeHTTP routes by hand: four paths need no mux.
func (r *run) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	if !r.web.admit(w, req) {
		r.count.denied.Add(1)
		return
	}
	w.Header().Set("X-Content-Type-Options", "nosniff")
	switch req.URL.Path {
	case "/metrics", "/metrics.json", "/healthz", "/":
	default:
		http.NotFound(w, req)
		return
	}
	if req.Method != http.MethodGet && req.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "405 method not allowed", http.StatusMethodNotAllowed)
		return
	}
	switch req.URL.Path {
	case "/":
		write(w, "text/html; charset=utf-8", r.index())
	case "/healthz":
		write(w, "text/plain; charset=utf-8", []byte("ok\n"))
	default:
		r.serveMetrics(w, req)
	}
}

func (r *run) serveMetrics(w http.ResponseWriter, req *http.Request) {
	select {
	case r.scrapes <- struct{}{}:
		defer func() { <-r.scrapes }()
	default:
		r.count.rejected.Add(1)
		w.Header().Set("Retry-After", "1")
		http.Error(w, "503 too many scrapes at the same time", http.StatusServiceUnavailable)
		return
	}
	found, err := r.scrape(req.Context(), scrapeTimeout(req.Header, r.timeout))
	if err != nil {
		// The client is gone, or the grace period is over. An empty 200 would be a scrape.
		http.Error(w, "503 "+err.Error(), http.StatusServiceUnavailable)
		return
	}
	defer found.release()
	r.count.scraped(found.conflicts, r.log)
	r.answer(w, req, found.Batch)
}

func (r *run) answer(w http.ResponseWriter, req *http.Request, b *Batch) {
	format := JSON
	if req.URL.Path == "/metrics" {
		format = choose(r.formats, req.Header.Values("Accept"))
	}
	head := w.Header()
	head.Set("Content-Type", format.ContentType())
	head.Set("Vary", "Accept, Accept-Encoding")
	encoding := encodingOf(req.Header.Values("Accept-Encoding"))
	if encoding != nil {
		head.Set("Content-Encoding", encoding.name)
	}
	if req.Method == http.MethodHead {
		return
	}
	if err := encoding.write(w, format, b); err != nil {
		r.count.cutOff.Add(1)
		panic(http.ErrAbortHandler) // so that what is cut does not look whole
	}
}

func write(w http.ResponseWriter, contentType string, body []byte) {
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.Write(body)
}

// scrapeTimeout is what Prometheus says that it waits, less a tenth or half a
// second for the answer's way, and most. What is not a positive number is not heeded.
func scrapeTimeout(h http.Header, most time.Duration) time.Duration {
	s, err := strconv.ParseFloat(h.Get("X-Prometheus-Scrape-Timeout-Seconds"), 64)
	if err != nil || !(s > 0) || s > math.MaxInt32 {
		return most
	}
	return min(most, time.Duration((s-min(0.5, s/10))*float64(time.Second)))
}
