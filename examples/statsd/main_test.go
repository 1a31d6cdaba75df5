package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// output is what the program says while it runs.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(b)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

var (
	serving   = regexp.MustCompile(`msg=serving address=(\S+)`)
	receiving = regexp.MustCompile(`msg=receiving network=(\S+) address=(\S+)`)
)

// start runs the program, and returns where it serves and receives, and how to end
// it.
func start(t *testing.T, args ...string) (at string, receives map[string]string, stop func() string) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	out, ended := &output{}, make(chan error, 1)
	go func() { ended <- run(ctx, append([]string{"-listen", "127.0.0.1:0"}, args...), out) }()
	sockets := strings.Count(strings.Join(args, " "), "-listen-")
	require.Eventually(t, func() bool { return len(receiving.FindAllString(out.String(), -1)) == sockets }, 10*time.Second, time.Millisecond, out.String())
	receives = map[string]string{}
	for _, m := range receiving.FindAllStringSubmatch(out.String(), -1) {
		receives[m[1]] = m[2]
	}
	return serving.FindStringSubmatch(out.String())[1], receives, func() string {
		cancel()
		require.NoError(t, <-ended)
		return out.String()
	}
}

func scrape(t *testing.T, at string) string {
	t.Helper()
	resp, err := http.Get("http://" + at + "/metrics")
	require.NoError(t, err)
	defer resp.Body.Close()
	require.Equal(t, http.StatusOK, resp.StatusCode)
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return string(body)
}

func send(t *testing.T, network, address, text string) {
	t.Helper()
	c, err := net.Dial(network, address)
	require.NoError(t, err)
	defer c.Close()
	_, err = fmt.Fprint(c, text)
	require.NoError(t, err)
}

func TestReceivesEverywhere(t *testing.T) {
	defer http.DefaultClient.CloseIdleConnections()
	path := filepath.Join(t.TempDir(), "s")
	at, receives, stop := start(t, "-listen-udp", "127.0.0.1:0", "-listen-tcp", "127.0.0.1:0", "-listen-unix", path, "-tags", "influx")
	for network, address := range receives {
		send(t, network, address, "orders,shop=x:1|c|@0.5\norders:1|c|#shop:x\nbad\n")
	}
	var got string
	require.Eventually(t, func() bool {
		got = scrape(t, at)
		return strings.Contains(got, `orders_total{shop="x"} 9`)
	}, 10*time.Second, 5*time.Millisecond, got)
	require.Contains(t, got, `up{source="statsd"} 1`)
	require.Contains(t, got, `statsd_rejected_total{reason="malformed_line",source="statsd"} 3`)
	require.Contains(t, got, `statsd_packets_total{network="unixgram",source="statsd"} 1`)
	require.Contains(t, stop(), "samples=6 rejected=map[malformed_line:3]")
	_, err := os.Stat(path)
	require.ErrorIs(t, err, os.ErrNotExist)
}

func TestMapping(t *testing.T) {
	defer http.DefaultClient.CloseIdleConnections()
	file := filepath.Join(t.TempDir(), "mapping.json")
	require.NoError(t, os.WriteFile(file, []byte(`{"rules": [
		{"match": "shop.*.orders", "name": "orders", "labels": {"shop": "$1"}, "help": "Orders."},
		{"match": "*.latency", "types": ["ms"], "name": "latency", "labels": {"of": "$1"},
		 "observer": {"kind": "summary", "quantiles": [0.5], "window": "1m"}, "ttl": "10m"},
		{"regexp": "^debug\\.", "drop": true}
	]}`), 0o600))
	at, receives, stop := start(t, "-listen-udp", "127.0.0.1:0", "-mapping", file)
	send(t, "udp", receives["udp"], "shop.berlin.orders:1|c\ndb.latency:8|ms\ndebug.x:1|c\nother.x:1|g")
	var got string
	require.Eventually(t, func() bool {
		got = scrape(t, at)
		return strings.Contains(got, "other_x 1")
	}, 10*time.Second, 5*time.Millisecond)
	require.Contains(t, got, "# HELP orders_total Orders.\n# TYPE orders_total counter\norders_total{shop=\"berlin\"} 1\n")
	require.Contains(t, got, `latency_seconds{of="db",quantile="0.5"} 0.00`)
	require.Contains(t, got, `statsd_rule_dropped_samples_total{source="statsd"} 1`)
	stop()
}

func TestWrongFlags(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		name = filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(name, []byte(text), 0o600))
		return name
	}
	for want, args := range map[string][]string{
		"-listen: empty": {"-listen-udp", "127.0.0.1:0"},
		"-listen-udp, -listen-tcp, -listen-unix: all":         {"-listen", "127.0.0.1:0"},
		"-unix-mode: given":                                   {"-listen", "127.0.0.1:0", "-listen-udp", "127.0.0.1:0", "-unix-mode", "438"},
		"-grace: -1s is negative":                             {"-listen", "127.0.0.1:0", "-listen-udp", "127.0.0.1:0", "-grace", "-1s"},
		`argument "x": there are only flags`:                  {"-listen", "127.0.0.1:0", "-listen-udp", "127.0.0.1:0", "x"},
		`-tags: "dog" is none of`:                             {"-listen", "127.0.0.1:0", "-listen-udp", "127.0.0.1:0", "-tags", "influx,dog"},
		`invalid value "x" for flag -observe`:                 {"-observe", "x"},
		`UDP: ":8125": has no host`:                           {"-listen", "127.0.0.1:0", "-listen-udp", ":8125"},
		"-mapping: open ":                                     {"-listen", "127.0.0.1:0", "-listen-udp", "127.0.0.1:0", "-mapping", "none"},
		`unknown field "nam"`:                                 {"-listen", "127.0.0.1:0", "-listen-udp", "127.0.0.1:0", "-mapping", write("a", `{"rules": [{"match": "a", "nam": "b"}]}`)},
		"more than one value":                                 {"-listen", "127.0.0.1:0", "-listen-udp", "127.0.0.1:0", "-mapping", write("b", `{} {}`)},
		`Rules[0]: Name: empty`:                               {"-listen", "127.0.0.1:0", "-listen-udp", "127.0.0.1:0", "-mapping", write("c", `{"rules": [{"match": "a"}]}`)},
		`observation "x": none of [histogram exponential sum`: {"-listen", "127.0.0.1:0", "-listen-udp", "127.0.0.1:0", "-mapping", write("d", `{"rules": [{"match": "a", "name": "b", "observer": {"kind": "x"}}]}`)},
	} {
		require.ErrorContains(t, run(t.Context(), args, io.Discard), want)
	}
}
