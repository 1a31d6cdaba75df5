package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/podpatterns/podpatterns/internal/authority"
)

// A backend answers a line with its name and the line.
func startBackend(t *testing.T, name string, l net.Listener) string {
	t.Helper()
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				for in := bufio.NewReader(c); ; {
					line, err := in.ReadString('\n')
					if err != nil {
						return
					}
					fmt.Fprint(c, name, " ", line)
				}
			}()
		}
	}()
	return l.Addr().String()
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	return l
}

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

var listening = regexp.MustCompile(`msg=listening address=(\S+)`)

// start runs the program, and returns where it listens and how to end it.
func start(t *testing.T, args ...string) (addr string, stop func() string) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	out, ended := &output{}, make(chan error, 1)
	go func() { ended <- run(ctx, append([]string{"-listen", "127.0.0.1:0"}, args...), out) }()
	require.Eventually(t, func() bool { return listening.MatchString(out.String()) }, 10*time.Second, time.Millisecond)
	return listening.FindStringSubmatch(out.String())[1], func() string {
		cancel()
		require.NoError(t, <-ended)
		return out.String()
	}
}

func ask(c net.Conn) (string, error) {
	c.SetDeadline(time.Now().Add(10 * time.Second))
	if _, err := io.WriteString(c, "hello\n"); err != nil {
		return "", err
	}
	line, err := bufio.NewReader(c).ReadString('\n')
	return strings.TrimSpace(line), err
}

func askAt(addr string) (string, error) {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		return "", err
	}
	defer c.Close()
	return ask(c)
}

func requireAnswer(t *testing.T, want, addr string) {
	t.Helper()
	got, err := askAt(addr)
	require.NoError(t, err)
	require.Equal(t, want, got)
}

func TestBalances(t *testing.T) {
	one, two := startBackend(t, "one", listen(t)), startBackend(t, "two", listen(t))
	addr, stop := start(t, "-upstream", one+","+two, "-balance", "round")
	got := map[string]int{}
	for range 10 {
		answer, err := askAt(addr)
		require.NoError(t, err)
		got[answer]++
	}
	require.Equal(t, map[string]int{"one hello": 5, "two hello": 5}, got)
	require.Contains(t, stop(), "accepted=10 completed=10 ")
}

func TestBalancesAmongTheWell(t *testing.T) {
	gone := listen(t)
	gone.Close()
	one := startBackend(t, "one", listen(t))
	for _, balance := range []string{"least", "round", "ewma", "hash"} {
		addr, stop := start(t, "-upstream", one+","+gone.Addr().String(), "-balance", balance, "-check", "1s")
		for range 5 {
			requireAnswer(t, "one hello", addr)
		}
		require.Contains(t, stop(), "accepted=5 completed=5 ")
	}
}

func TestFollowsAFile(t *testing.T) {
	one, two := startBackend(t, "one", listen(t)), startBackend(t, "two", listen(t))
	file := filepath.Join(t.TempDir(), "endpoints")
	require.NoError(t, os.WriteFile(file, []byte(one+"\n"), 0o600))
	addr, stop := start(t, "-upstream", "file:"+file)
	requireAnswer(t, "one hello", addr)
	require.NoError(t, os.WriteFile(file+"2", []byte(two+"\n"), 0o600))
	require.NoError(t, os.Rename(file+"2", file))
	require.Eventually(t, func() bool {
		answer, _ := askAt(addr)
		return answer == "two hello"
	}, 20*time.Second, 50*time.Millisecond)
	stop()
}

// One proxy begins TLS for a client that speaks none, another ends it for a server
// that speaks none, and a third routes what is between them.
func TestTLS(t *testing.T) {
	a := authority.New(t)
	cert, key := a.Write(t.TempDir(), "db.example")
	ca := filepath.Join(t.TempDir(), "ca.crt")
	require.NoError(t, os.WriteFile(ca, a.PEM, 0o600))
	plain := startBackend(t, "plain", listen(t))
	ends, stopEnds := start(t, "-upstream", plain, "-tls-cert", cert, "-tls-key", key, "-proxy-from", "127.0.0.0/8")
	routes, stopRoutes := start(t, "-route", "*.example="+ends, "-send-proxy", "2")
	begins, stopBegins := start(t, "-upstream", routes, "-upstream-tls", "-upstream-ca", ca, "-upstream-name", "db.example")
	requireAnswer(t, "plain hello", begins)

	c, err := tls.Dial("tcp", routes, &tls.Config{RootCAs: a.Pool(), ServerName: "db.example"})
	require.NoError(t, err)
	answer, err := ask(c)
	require.NoError(t, err)
	require.Equal(t, "plain hello", answer)
	c.Close()
	for _, stop := range []func() string{stopBegins, stopRoutes, stopEnds} {
		require.Contains(t, stop(), "refused=0 ")
	}
}

func TestWrongFlags(t *testing.T) {
	for want, args := range map[string][]string{
		"-listen: empty":                                       {"-upstream", "127.0.0.1:1"},
		"-upstream: empty":                                     {"-listen", "127.0.0.1:0"},
		`argument "x": there are only flags`:                   {"-listen", "127.0.0.1:0", "-upstream", "a:1", "x"},
		`-balance: "best" is none of`:                          {"-listen", "127.0.0.1:0", "-upstream", "a:1", "-balance", "best"},
		`-proxy-from: netip.ParsePrefix("x")`:                  {"-listen", "127.0.0.1:0", "-upstream", "a:1", "-proxy-from", "x"},
		`-upstream-tls: not given`:                             {"-listen", "127.0.0.1:0", "-upstream", "a:1", "-upstream-ca", "x"},
		`address "a" is not host:port`:                         {"-listen", "127.0.0.1:0", "-upstream", "a"},
		`invalid value "db.example" for flag -route: has no =`: {"-route", "db.example"},
		`for flag -route: names "a" again`:                     {"-route", "a=b:1", "-route", "a=c:1"},
		`-check: -1s is negative`:                              {"-listen", "127.0.0.1:0", "-upstream", "a:1", "-check", "-1s"},
		`-grace: -1s is negative`:                              {"-listen", "127.0.0.1:0", "-upstream", "a:1", "-grace", "-1s"},
		`-rate: -1 is not from 0 to`:                           {"-listen", "127.0.0.1:0", "-upstream", "a:1", "-rate", "-1"},
		`-rate: NaN is not from 0 to`:                          {"-listen", "127.0.0.1:0", "-upstream", "a:1", "-rate", "NaN"},
		`TLS: KeyFile: empty, and CertFile is "x"`:             {"-listen", "127.0.0.1:0", "-upstream", "a:1", "-tls-cert", "x"},
	} {
		require.ErrorContains(t, run(t.Context(), args, io.Discard), want)
	}
}
