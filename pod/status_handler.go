package pod

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/podpatterns/podpatterns/pod/internal/web"
)

// Handler serves what is to be seen of the pod, before, while and after it runs.
// It answers GET and HEAD:
//
//   - / is a page that shows the pod as it lives.
//   - /livez is 200 while the pod runs and no container hangs: one that was given
//     up is not started again, and nothing but a new process helps.
//   - /readyz is 200 while all containers are ready, /readyz/NAME while this one
//     is. Otherwise both are 503 and say why; with ?verbose all checks are listed,
//     as kube-apiserver does.
//   - /status is the Status as text, and as JSON for who accepts that.
//   - /events is a stream of server-sent events, each an Event as JSON. It begins
//     with the last 512, or after Last-Event-ID, and ends when the server shuts
//     down. 64 can be open; one whose reader takes nothing for 10 s is ended.
//   - /metrics is for Prometheus, in its text format.
//   - /stacks/NAME is where the goroutines of that container are, by stack: those
//     that carry its pprof label.
//
// It can be mounted in any server, with [http.StripPrefix] on any path. Who may
// ask, and by which host name, is up to that server; StatusListen checks the name.
func (p *Pod) Handler() http.Handler { return web.Harden(http.HandlerFunc(p.serve)) }

func (p *Pod) serve(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/":
		web.Page(w, r)
	case "/livez":
		answerChecks(w, r, "livez", p.liveChecks(r.Context()))
	case "/readyz":
		answerChecks(w, r, "readyz", readyChecks(p.Status()))
	case "/status":
		p.serveStatus(w, r)
	case "/events":
		p.events.ServeHTTP(w, r)
	case "/metrics":
		w.Header().Set("Content-Type", web.ExpositionType)
		io.WriteString(w, metrics(p.Status(), p.events.Stats()))
	default:
		p.serveContainer(w, r)
	}
}

func (p *Pod) serveContainer(w http.ResponseWriter, r *http.Request) {
	if name, ok := strings.CutPrefix(r.URL.Path, "/readyz/"); ok {
		checks := readyChecks(p.Status())
		if i := slices.IndexFunc(checks, func(c check) bool { return c.name == name }); i >= 0 {
			answerChecks(w, r, "readyz", checks[i:i+1])
			return
		}
	}
	if name, ok := strings.CutPrefix(r.URL.Path, "/stacks/"); ok && p.has(name) {
		found, err := p.stacksOf(r.Context(), name)
		if err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		answerText(w, http.StatusOK, found)
		return
	}
	http.NotFound(w, r)
}

func answerText(w http.ResponseWriter, code int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(code)
	io.WriteString(w, strings.TrimSuffix(text, "\n")+"\n")
}

func (p *Pod) serveStatus(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Vary", "Accept")
	s := p.Status()
	if !prefersJSON(r.Header.Values("Accept")) {
		answerText(w, http.StatusOK, s.String())
		return
	}
	w.Header().Set("Content-Type", "application/json")
	out := json.NewEncoder(w)
	out.SetIndent("", "  ")
	out.Encode(s)
}

// prefersJSON says whether who asks accepts JSON, and likes it no less than text.
func prefersJSON(accept []string) bool {
	var asJSON, asText float64
	for _, field := range strings.Split(strings.Join(accept, ","), ",") {
		kind, params, err := mime.ParseMediaType(field)
		if err != nil {
			continue
		}
		q := 1.0
		if text, ok := params["q"]; ok {
			q, _ = strconv.ParseFloat(text, 64)
		}
		switch kind {
		case "application/json":
			asJSON = max(asJSON, q)
		case "text/plain", "text/*":
			asText = max(asText, q)
		}
	}
	return asJSON > 0 && asJSON >= asText
}

// stacksOf returns where the container's goroutines are, also when it was given up.
func (p *Pod) stacksOf(ctx context.Context, name string) (string, error) {
	label, err := p.ask(ctx, func(r *run) string {
		if m := r.byName[name]; m != nil && m.current != nil {
			return m.current.label
		}
		return ""
	})
	if err != nil {
		return "", err
	}
	if label == "" {
		return fmt.Sprintf("container %q has not run yet", name), nil
	}
	return stacks(label), nil
}

// askTime is how long the loop has to answer, which never waits for anything.
const askTime = time.Second

// ask has the loop of the current run look at what is its own; of the last run,
// when that has ended.
func (p *Pod) ask(ctx context.Context, look func(*run) string) (string, error) {
	p.mu.Lock()
	r := p.run
	p.mu.Unlock()
	if r == nil {
		return "", nil
	}
	answer := make(chan string, 1)
	if !r.inbox.put(func(time.Time) { answer <- look(r) }) {
		return look(r), nil
	}
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	select {
	case found := <-answer:
		return found, nil
	case <-r.inbox.closed: // the loop has ended, and may not have seen it
		return look(r), nil
	case <-ctx.Done():
		return "", fmt.Errorf("the pod's loop has not answered within %v", askTime)
	}
}
