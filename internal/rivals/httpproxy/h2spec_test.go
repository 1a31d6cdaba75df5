package httpproxy_test

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/summerwind/h2spec/config"
	"github.com/summerwind/h2spec/generic"
	"github.com/summerwind/h2spec/hpack"
	"github.com/summerwind/h2spec/http2"
	"github.com/summerwind/h2spec/spec"
)

// failures are the cases of h2spec that a server in the clear does not pass, and
// how many there are at all.
func failures(t *testing.T, addr string) (failed map[string]bool, all int) {
	t.Helper()
	host, text, err := net.SplitHostPort(addr)
	require.NoError(t, err)
	port, err := strconv.Atoi(text)
	require.NoError(t, err)
	failed = map[string]bool{}
	for _, group := range []*spec.TestGroup{generic.Spec(), http2.Spec(), hpack.Spec()} {
		group.Test(&config.Config{Host: host, Port: port, Path: "/", Timeout: 2 * time.Second, MaxHeaderLen: 4000})
		all += group.PassedCount + group.FailedCount
		collect(group, failed)
	}
	return failed, all
}

func collect(group *spec.TestGroup, failed map[string]bool) {
	for i, c := range group.Tests {
		if c.Result != nil && c.Result.Failed {
			failed[fmt.Sprintf("%s/%d %s", group.ID(), i+1, c.Desc)] = true
		}
	}
	for _, g := range group.Groups {
		collect(g, failed)
	}
}

// The listener is as RFC 9113 wants it, as far as the standard library's server is,
// which speaks the frames. That answers some malformed requests with 400, which
// h2spec does not foresee, and waits a second before it closes.
func TestH2Spec(t *testing.T) {
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.Write(make([]byte, 100)) })
	plain := httptest.NewUnstartedServer(h)
	plain.Config.Protocols = new(http.Protocols)
	plain.Config.Protocols.SetUnencryptedHTTP2(true)
	plain.Start()
	defer plain.Close()
	known, all := failures(t, plain.Listener.Addr().String())
	require.Greater(t, all, 140)
	ours, _ := failures(t, before(t, h))
	for name := range ours {
		if !known[name] {
			t.Errorf("%s fails, and not without the proxy", name)
		}
	}
	t.Logf("of %d cases %d fail, and %d without the proxy", all, len(ours), len(known))
	require.Less(t, len(ours), all/20)
}
