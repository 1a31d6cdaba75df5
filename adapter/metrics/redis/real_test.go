package redis

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/podpatterns/podpatterns/adapter/metrics"
	"github.com/podpatterns/podpatterns/adapter/metrics/metricstest"
	"github.com/podpatterns/podpatterns/internal/authority"
)

func needRedis(t testing.TB) string {
	t.Helper()
	path, err := exec.LookPath("redis-server")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	return path
}

// real starts a server on a unix socket in dir, and on port, if that is not "0".
func real(t testing.TB, args ...string) (address string, ask func(words ...string)) {
	t.Helper()
	path := needRedis(t)
	dir, err := os.MkdirTemp("", "redis") // t.TempDir may be too long for a socket
	require.NoError(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	socket := filepath.Join(dir, "s")
	cmd := exec.Command(path, append([]string{"--port", "0", "--unixsocket", socket, "--save", "", "--dir", dir}, args...)...)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	require.Eventually(t, func() bool {
		c, err := net.Dial("unix", socket)
		if err == nil {
			c.Close()
		}
		return err == nil
	}, 10*time.Second, 10*time.Millisecond)
	return "unix:" + socket, func(words ...string) {
		t.Helper()
		s := &Source{Address: "unix:" + socket}
		c, err := s.dial(context.Background())
		require.NoError(t, err)
		defer c.Close()
		require.NoError(t, c.say(context.Background(), command(words...)), words)
	}
}

// All fields of a real server are known, be it reached by a socket, by TLS or
// after AUTH.
func TestRealServer(t *testing.T) {
	address, ask := real(t)
	ask("SET", "a", "1")
	ask("SETEX", "b", "100", "1")
	s := &Source{Address: address}
	var b metrics.Batch
	require.NoError(t, s.Collect(t.Context(), &b))
	got := values(&b)
	require.Equal(t, 2.0, got[`redis_db_keys{db="db0"}`])
	require.Equal(t, 1.0, got[`redis_db_keys_expiring{db="db0"}`])
	require.Equal(t, 1.0, got[`redis_commands_total{cmd="setex"}`])
	require.Positive(t, got["redis_memory_used_bytes"])
	require.Greater(t, len(got), 120)
	require.Less(t, got["redis_info_fields_unread"], 20.0)
	metricstest.Lint(t, s)
	ask("CONFIG", "SET", "requirepass", "secret")
	s.drop()
	require.ErrorContains(t, s.Collect(t.Context(), new(metrics.Batch)), "NOAUTH")
	s = &Source{Address: address, Password: "wrong"}
	require.ErrorContains(t, s.Collect(t.Context(), new(metrics.Batch)), "WRONGPASS")
	s = &Source{Address: address, Password: "secret"}
	require.NoError(t, s.Collect(t.Context(), new(metrics.Batch)))
	require.NoError(t, s.Collect(t.Context(), new(metrics.Batch)))
	s.drop()
}

func TestTLS(t *testing.T) {
	a, dir := authority.New(t), t.TempDir()
	cert, key := a.Pair("redis.pod")
	for name, text := range map[string][]byte{"crt": cert, "key": key, "ca": a.PEM} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), text, 0o600))
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	path := func(name string) string { return filepath.Join(dir, name) }
	real(t, "--tls-port", port, "--tls-cert-file", path("crt"), "--tls-key-file", path("key"), "--tls-ca-cert-file", path("ca"))
	s := &Source{Address: l.Addr().String(), TLS: &TLS{CertFile: path("crt"), KeyFile: path("key"), CAFile: path("ca"), ServerName: "redis.pod"}}
	require.NoError(t, s.Collect(t.Context(), new(metrics.Batch)))
	require.NoError(t, s.Collect(t.Context(), new(metrics.Batch)))
	s.drop()
	s = &Source{Address: l.Addr().String(), TLS: &TLS{CAFile: path("ca"), ServerName: "other.pod"}}
	require.ErrorContains(t, s.Collect(t.Context(), new(metrics.Batch)), "TLS: ")
}

// What a collection costs beside the round trip alone, which is the limit.
func BenchmarkCollect(b *testing.B) {
	address, ask := real(b)
	for i := range 30 {
		ask("SET", fmt.Sprint(i), "1")
	}
	s := &Source{Address: address}
	defer s.drop()
	b.Run("bare", func(b *testing.B) {
		c, err := s.dial(b.Context())
		require.NoError(b, err)
		defer c.Close()
		measure(b, func() error {
			if _, err := c.Write(questions[0]); err != nil {
				return err
			}
			_, err := c.next()
			return err
		})
	})
	var batch metrics.Batch
	b.Run("source", func(b *testing.B) {
		measure(b, func() error {
			batch.Reset()
			return s.Collect(b.Context(), &batch)
		})
	})
}

func measure(b *testing.B, f func() error) {
	require.NoError(b, f())
	b.ReportAllocs()
	before := ownCPU()
	for b.Loop() {
		if err := f(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(ownCPU()-before)/float64(b.N), "cpu-ns/op")
}
