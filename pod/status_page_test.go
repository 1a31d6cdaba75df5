//go:build unix

package pod

import (
	"context"
	"flag"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var screenshots = flag.String("screenshots", "", "write the page of the example pod into this directory, light and dark")

// A browser is Chromium without a window, which looks at one address.
type browser struct {
	t    *testing.T
	path string
}

func findBrowser(t *testing.T) browser {
	if testing.Short() {
		t.Skip("a browser takes seconds of real time")
	}
	for _, name := range []string{"chromium", "chromium-browser"} {
		if path, err := exec.LookPath(name); err == nil {
			return browser{t, path}
		}
	}
	const missing = "no chromium in PATH; Debian's package chromium has it"
	if os.Getenv("CI") == "true" {
		t.Fatal(missing)
	}
	t.Skip(missing)
	return browser{}
}

// look has it open the page and do what flags say. It returns what it prints, and
// what it logs, the page's console included.
func (b browser) look(address string, flags ...string) (out, log string) {
	ctx, cancel := context.WithTimeout(b.t.Context(), 90*time.Second)
	defer cancel()
	dir, err := os.MkdirTemp("", "browser") // T.TempDir is too long for the name of a socket
	require.NoError(b.t, err)
	defer os.RemoveAll(dir)
	args := append([]string{
		"--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
		"--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
		"--user-data-dir=" + dir, "--enable-logging=stderr", "--virtual-time-budget=4000", "--window-size=1180,1400",
	}, append(flags, address)...)
	cmd := exec.CommandContext(ctx, b.path, args...)
	cmd.Env = append(os.Environ(), "TMPDIR="+dir)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = time.Second
	var stdout, stderr strings.Builder
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err = cmd.Run()
	syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // what it may have left
	require.NoError(b.t, err, stderr.String())
	return stdout.String(), stderr.String()
}

// visit serves the pod's page. A browser's virtual time stands still while an
// answer goes on, so streams end after a second; the page takes them up again.
func visit(t *testing.T, p *Pod, answer func(http.Header)) (address string) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/events" {
			ctx, cancel := context.WithTimeout(r.Context(), time.Second)
			defer cancel()
			r = r.WithContext(ctx)
		}
		p.Handler().ServeHTTP(answering{w, answer}, r)
	}))
	t.Cleanup(server.Close)
	return server.URL + "/"
}

// answering changes the header of an answer before it is sent.
type answering struct {
	http.ResponseWriter
	change func(http.Header)
}

func (a answering) Write(b []byte) (int, error) {
	a.change(a.Header())
	return a.ResponseWriter.Write(b)
}

func (a answering) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// section is what is between two texts.
func section(t *testing.T, text, from, to string) string {
	_, rest, ok := strings.Cut(text, from)
	found, _, closed := strings.Cut(rest, to)
	require.True(t, ok && closed, "%s … %s in %s", from, to, text)
	return found
}

// The page shows the pod by its script, which its policy allows and nothing else,
// and what containers say is text on it.
func TestThePageInABrowser(t *testing.T) {
	b := findBrowser(t)
	p := shop(time.Now())
	const hostile = `<img src="x" onerror="console.log(1)"><script>console.log(2)</script>`
	p.run.byName["worker"].status.LastState = State{Terminated: &Terminated{ExitCode: 1, Reason: ReasonError, Message: hostile}}
	p.publish(Event{Time: time.Now(), Type: Warning, Reason: ReasonError, Container: "worker", Message: hostile})

	dom, log := b.look(visit(t, p, func(http.Header) {}), "--dump-dom")
	require.NotContains(t, log, ":CONSOLE", "neither violations of the policy nor errors")
	containers := section(t, dom, `<tbody id="containers">`, `</tbody>`)
	var names []string
	for _, found := range regexp.MustCompile(`<b>([^<]*)</b>`).FindAllStringSubmatch(containers, -1) {
		names = append(names, found[1])
	}
	require.Equal(t, []string{"migrate", "logs", "db", "metrics", "reload", "web", "worker"}, names, "in start order")
	for _, text := range []string{"Completed", "CrashLoopBackOff", "Hangs", "Running, not ready", "Readiness: Failure", "17 of 20, last 1.0 s", "127.0.0.1:8080", "&lt;img src="} {
		require.Contains(t, containers, text)
	}
	events := section(t, dom, `<tbody id="events">`, `</tbody>`)
	require.EqualValues(t, p.events.Stats().Published, strings.Count(events, "<tr"), "each event once, after the stream was cut and taken up again")
	for _, text := range []string{"ExceededGracePeriod", "goroutine 41 [running]", "&lt;img src="} {
		require.Contains(t, events, text)
	}
	require.NotContains(t, dom, "<img")
	require.Contains(t, section(t, dom, `<svg id="lanes"`, `</svg>`), "reload: stopping")
	require.Contains(t, dom, ">live</span>")
	require.Contains(t, dom, "<title>shop: Running</title>")
}

// Without the hash the script does not run, and the log says so: what the test
// above looks for would be found.
func TestThePagesPolicyIsKept(t *testing.T) {
	b := findBrowser(t)
	address := visit(t, shop(time.Now()), func(h http.Header) {
		h.Set("Content-Security-Policy", strings.Replace(h.Get("Content-Security-Policy"), "script-src", "x-src", 1))
	})
	dom, log := b.look(address, "--dump-dom")
	require.Contains(t, log, ":CONSOLE")
	require.Contains(t, log, "Content Security Policy")
	require.Contains(t, dom, `<tbody id="containers"></tbody>`)
}

// The pictures in testdata are made by
//
//	go test ./pod -run TestScreenshots -args -screenshots testdata
func TestScreenshots(t *testing.T) {
	if *screenshots == "" {
		t.Skip("-screenshots names no directory")
	}
	b := findBrowser(t)
	address := visit(t, shop(time.Now()), func(http.Header) {})
	for name, scheme := range map[string]string{"status.png": "1", "status-dark.png": "0"} {
		path, err := filepath.Abs(filepath.Join(*screenshots, name))
		require.NoError(t, err)
		os.Remove(path)
		b.look(address, "--screenshot="+path, "--hide-scrollbars", "--blink-settings=preferredColorScheme="+scheme)
		require.FileExists(t, path)
	}
}
