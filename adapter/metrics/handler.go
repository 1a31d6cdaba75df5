package metrics

import (
	"log/slog"
	"math"
	"net"
	"net/http"
	"strconv"
	"sync"
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
		WriteTimeout:      r.timeout + 30*time.Second,
		IdleTimeout:       3 * time.Minute, // scrapes come every 15 s to 1 min, and should find their connection
		MaxHeaderBytes:    16 << 10,
		ConnState:         r.limit,
		ErrorLog:          slog.NewLogLogger(r.log.Handler(), slog.LevelWarn),
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

const index = `<!DOCTYPE html>
<html lang="en"><head><title>podpatterns metrics</title></head>
<body><h1>podpatterns metrics</h1><p><a href="/metrics">/metrics</a></p></body></html>
`

// ServeHTTP routes by hand: two paths need no mux.
func (r *run) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	if req.URL.Path != "/metrics" && req.URL.Path != "/" {
		http.NotFound(w, req)
		return
	}
	if req.Method != http.MethodGet && req.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "405 method not allowed", http.StatusMethodNotAllowed)
		return
	}
	if req.URL.Path == "/" {
		write(w, "text/html; charset=utf-8", []byte(index))
		return
	}
	select {
	case r.scrapes <- struct{}{}:
		defer func() { <-r.scrapes }()
	default:
		r.count.rejected.Add(1)
		w.Header().Set("Retry-After", "1")
		http.Error(w, "503 too many scrapes at the same time", http.StatusServiceUnavailable)
		return
	}
	r.serveMetrics(w, req)
}

var writers = sync.Pool{New: func() any { return new(textWriter) }}

func (r *run) serveMetrics(w http.ResponseWriter, req *http.Request) {
	batches, err := r.scrape(req.Context(), scrapeTimeout(req.Header, r.timeout))
	if err != nil {
		// The client is gone, or the grace period is over. An empty 200 would be a scrape.
		http.Error(w, "503 "+err.Error(), http.StatusServiceUnavailable)
		return
	}
	t := writers.Get().(*textWriter)
	text, conflicts := t.render(batches)
	r.count.scraped(conflicts, r.log)
	write(w, textType, text)
	writers.Put(t)
}

func write(w http.ResponseWriter, contentType string, body []byte) {
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.Header().Set("X-Content-Type-Options", "nosniff")
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
