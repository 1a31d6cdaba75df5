package metrics

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/bcrypt"

	"github.com/podpatterns/podpatterns/internal/authority"
	"github.com/podpatterns/podpatterns/pod/podtest"
	"github.com/podpatterns/podpatterns/pod/sandbox"
)

// secured runs an exporter with a WebConfig on a port of the machine.
func secured(t *testing.T, e *Exporter, log *journal) (address string, stop func()) {
	t.Helper()
	podtest.NoLeaks(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, cancel := context.WithCancel((&sandbox.Sandbox{Logger: log.logger()}).Context(context.Background()))
	ended := make(chan error, 1)
	go func() { ended <- e.Adapt(ctx, nil, l) }()
	ready, done := context.WithTimeout(context.Background(), 10*time.Second)
	defer done()
	if e.Ready(ready) != nil {
		t.Fatal(<-ended)
	}
	return l.Addr().String(), func() { cancel(); require.NoError(t, <-ended) }
}

func webFile(t *testing.T, name, content string) {
	t.Helper()
	require.NoError(t, os.WriteFile(name, []byte(content), 0o600))
}

func hashed(t *testing.T, password string) string {
	t.Helper()
	hash, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.MinCost)
	require.NoError(t, err)
	return string(hash)
}

func TestBasicAuthentication(t *testing.T) {
	file := filepath.Join(t.TempDir(), "web.yml")
	webFile(t, file, "http_server_config:\n  headers:\n    X-Frame-Options: deny\nbasic_auth_users:\n  alice: "+hashed(t, "one")+"\n")
	var log journal
	e := &Exporter{Sources: []Source{one("a")}, WebConfig: file}
	address, stop := secured(t, e, &log)
	client := &http.Client{Transport: &http.Transport{}}
	ask := func(user, password string) int {
		req, err := http.NewRequest("GET", "http://"+address+"/metrics", nil)
		require.NoError(t, err)
		if user != "" {
			req.SetBasicAuth(user, password)
		}
		resp, err := client.Do(req)
		require.NoError(t, err)
		defer resp.Body.Close()
		io.Copy(io.Discard, resp.Body)
		require.Equal(t, "deny", resp.Header.Get("X-Frame-Options"))
		return resp.StatusCode
	}
	for range 2 {
		require.Equal(t, 401, ask("", ""))
		require.Equal(t, 401, ask("alice", "two"))
		require.Equal(t, 401, ask("bob", "one"))
		require.Equal(t, 200, ask("alice", "one"))
	}
	require.Equal(t, uint64(6), e.Stats().Denied)

	webFile(t, file, "basic_auth_userz: {}\n")
	require.Equal(t, 200, ask("alice", "one"), "a bad file does not open or close the door")
	require.Equal(t, 401, ask("alice", "two"))
	require.Equal(t, 1, log.count("WebConfig cannot be renewed"))
	webFile(t, file, "tls_server_config: {cert_file: a, key_file: b}\n")
	require.Equal(t, 401, ask("", ""))
	webFile(t, file, "http_server_config: {headers: {X-Frame-Options: deny}}\nbasic_auth_users:\n  alice: "+hashed(t, "two")+"\n")
	require.Equal(t, 401, ask("alice", "one"))
	require.Equal(t, 200, ask("alice", "two"))
	require.Equal(t, 1, log.count("WebConfig renewed"))
	client.CloseIdleConnections()
	stop()
}

func TestRateLimit(t *testing.T) {
	file := filepath.Join(t.TempDir(), "web.yml")
	webFile(t, file, "rate_limit: {interval: 1h, burst: 2}\n")
	address, stop := secured(t, &Exporter{Sources: []Source{one("a")}, WebConfig: file}, new(journal))
	for _, want := range []int{200, 200, 429} {
		resp, err := http.Get("http://" + address + "/healthz")
		require.NoError(t, err)
		resp.Body.Close()
		require.Equal(t, want, resp.StatusCode)
	}
	http.DefaultClient.CloseIdleConnections()
	stop()
}

func TestTLS(t *testing.T) {
	dir := t.TempDir()
	a := authority.New(t)
	a.Write(dir, "server")
	require.NoError(t, os.WriteFile(filepath.Join(dir, "ca.pem"), a.PEM, 0o600))
	file := filepath.Join(dir, "web.yml")
	config := func(san string, http2 bool) string {
		cert, key := a.Write(dir, "server")
		return fmt.Sprintf(`tls_server_config:
  cert_file: %s
  key_file: %s
  client_auth_type: RequireAndVerifyClientCert
  client_ca_file: ca.pem
  client_allowed_sans: [%s]
  min_version: TLS12
  curve_preferences: [X25519, CurveP256]
  cipher_suites: [TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256]
  prefer_server_cipher_suites: true
http_server_config:
  http2: %v
`, filepath.Base(cert), filepath.Base(key), san, http2)
	}
	for _, http2 := range []bool{true, false} {
		webFile(t, file, config("prometheus", http2))
		address, stop := secured(t, &Exporter{Sources: []Source{one("a")}, WebConfig: file}, new(journal))
		ask := func(certificates ...tls.Certificate) (string, error) {
			transport := &http.Transport{ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{RootCAs: a.Pool(), ServerName: "server", Certificates: certificates}}
			defer transport.CloseIdleConnections()
			resp, err := (&http.Client{Transport: transport}).Get("https://" + address + "/metrics")
			if err != nil {
				return "", err
			}
			defer resp.Body.Close()
			_, err = io.Copy(io.Discard, resp.Body)
			return resp.Proto, err
		}
		proto, err := ask(a.Sign("prometheus"))
		require.NoError(t, err)
		require.Equal(t, map[bool]string{true: "HTTP/2.0", false: "HTTP/1.1"}[http2], proto)
		_, err = ask()
		require.Error(t, err)
		_, err = ask(a.Sign("another"))
		require.Error(t, err)
		webFile(t, file, config("another", http2))
		_, err = ask(a.Sign("another"))
		require.NoError(t, err, "the next handshake has the new file")
		_, err = ask(a.Sign("prometheus"))
		require.Error(t, err)
		stop()
	}
}

func TestBadWebConfigs(t *testing.T) {
	for content, want := range map[string]string{
		"a: b":                         "field a not found",
		"basic_auth_users: {a: plain}": `basic_auth_users: the password of "a" is no bcrypt hash`,
		"http_server_config: {headers: {Server: x}}":                                                `header "Server" cannot be set`,
		"http_server_config: {headers: {X-Frame-Options: x}}":                                       `X-Frame-Options: "x" is none of`,
		"rate_limit: {interval: -1s}":                                                               "rate_limit: interval -1s",
		"tls_server_config: {key_file: b}":                                                          "cert_file: empty",
		"tls_server_config: {cert_file: a}":                                                         "cert and key: want both",
		"tls_server_config: {cert_file: a, cert: b, key_file: c}":                                   "cert and cert_file are both set",
		"tls_server_config: {cert_file: a, key_file: b, client_auth_type: Maybe}":                   `"Maybe" is none of`,
		"tls_server_config: {cert_file: a, key_file: b, min_version: SSL3}":                         `"SSL3" is none of`,
		"tls_server_config: {cert_file: a, key_file: b, min_version: TLS10}":                        "too old",
		"tls_server_config: {cert_file: a, key_file: b, cipher_suites: [RC4]}":                      `"RC4" is none of`,
		"tls_server_config: {cert_file: a, key_file: b, client_ca_file: c}":                         "client_auth_type is NoClientCert",
		"tls_server_config: {cert_file: a, key_file: b, client_auth_type: VerifyClientCertIfGiven}": "client_ca_file: empty",
		"tls_server_config: {cert_file: a, key_file: b, client_allowed_sans: [a]}":                  "client_allowed_sans",
		"tls_server_config: {cert_file: missing, key_file: missing}":                                "missing",
		"tls_server_config: {cert: x, key: y}":                                                      "cert with key",
		"[":                                                                                         "yaml",
	} {
		file := filepath.Join(t.TempDir(), "web.yml")
		webFile(t, file, content)
		err := (&Exporter{WebConfig: file}).Adapt(context.Background(), nil, newPipes())
		require.ErrorContains(t, err, "metrics: WebConfig: ", content)
		require.ErrorContains(t, err, want, content)
	}
	_, err := parseWeb(nil, "web.yml")
	require.NoError(t, err, "an empty file asks for nothing")
}
