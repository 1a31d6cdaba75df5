package pod_test

import (
	"context"
	"net"
	"net/http"
	"os"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/podpatterns/podpatterns/pod"
	"github.com/podpatterns/podpatterns/pod/podtest"
	"github.com/podpatterns/podpatterns/pod/sandbox"
	"github.com/podpatterns/podpatterns/sidecar"
)

// A whole pod, its server and its client, in memory and in virtual time: an hour
// of requests, each on a connection of its own, over a restart a minute.
func TestAPodInMemoryLosesNoRequestInAVirtualHour(t *testing.T) {
	network := &podtest.Network{}
	var runs, served, failed atomic.Int64
	p := &pod.Pod{Network: network, Containers: []pod.Container{
		{Name: "client", Sidecar: sidecar.Func(func(ctx context.Context, _ *os.Root) error {
			client := &http.Client{Transport: &http.Transport{
				DisableKeepAlives: true,
				DialContext: func(_ context.Context, network, address string) (net.Conn, error) {
					return sandbox.Dial(ctx, network, address)
				},
			}}
			for ctx.Err() == nil {
				answer, err := client.Get("http://127.0.0.1:80/")
				if err != nil {
					failed.Add(1)
					return err
				}
				answer.Body.Close()
				served.Add(1)
				time.Sleep(700 * time.Millisecond)
			}
			return nil
		})},
		{Name: "web", Listen: "127.0.0.1:80", Run: func(ctx context.Context, env pod.Env) error {
			return sandbox.ServeHTTP(ctx, env.Listener, &http.Server{Handler: serveRuns(&runs)})
		}},
	}}
	bubble(t, p, func(t *testing.T, b *running) {
		for range 60 {
			time.Sleep(time.Minute)
			require.NoError(t, b.pod.Restart("web"))
		}
		require.NoError(t, b.stop())
		b.trace.take()
		require.EqualValues(t, 61, runs.Load())
		require.Zero(t, failed.Load())
		require.Greater(t, served.Load(), int64(5000))
	})
}

// The same over restarts that nobody asked for: each request waits for the next
// run, also through its back-off.
func TestNoRequestIsLostOverCrashesAndLivenessFailures(t *testing.T) {
	for _, how := range []string{"crash", "liveness"} {
		t.Run(how, func(t *testing.T) {
			network := &podtest.Network{}
			var runs, served atomic.Int64
			web := pod.Container{Name: "web", Listen: "127.0.0.1:80", Run: func(ctx context.Context, env pod.Env) error {
				serving, stop := context.WithCancel(ctx)
				defer stop()
				if how == "crash" {
					time.AfterFunc(time.Minute, stop)
				}
				if err := sandbox.ServeHTTP(serving, env.Listener, &http.Server{Handler: serveRuns(&runs)}); err != nil || ctx.Err() != nil {
					return err
				}
				return errBoom
			}}
			if how == "liveness" {
				asked := 0
				web.Liveness = &pod.Probe{FailureThreshold: 1, Handler: pod.HandlerFunc(func(context.Context) error {
					if asked++; asked%10 == 0 {
						return errBoom
					}
					return nil
				})}
			}
			p := &pod.Pod{Network: network, HoldTimeout: time.Hour, Containers: []pod.Container{web}}
			bubble(t, p, func(t *testing.T, b *running) {
				synctest.Wait()
				client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: network.DialContext}}
				for began := time.Now(); time.Since(began) < 3*time.Hour; time.Sleep(700 * time.Millisecond) {
					answer, err := client.Get("http://127.0.0.1:80/")
					require.NoError(t, err)
					answer.Body.Close()
					served.Add(1)
				}
				b.trace.take()
				require.Greater(t, runs.Load(), int64(20))
				require.Greater(t, served.Load(), int64(1000))
			})
		})
	}
}

// limited has no SetDeadline.
type limited struct{ net.Listener }

type limitedNetwork struct{ podtest.Network }

func (n *limitedNetwork) Listen(ctx context.Context, network, address string) (net.Listener, error) {
	l, err := n.Network.Listen(ctx, network, address)
	return limited{l}, err
}

func TestANetworkWithoutDeadlinesIsRefused(t *testing.T) {
	p := &pod.Pod{Network: &limitedNetwork{}, Containers: []pod.Container{{Name: "web", Listen: "127.0.0.1:80", Run: mainUntil}}}
	err := p.Run(t.Context())
	var field *pod.FieldError
	require.ErrorAs(t, err, &field)
	require.ErrorContains(t, err, "pod_test.limited, which has no SetDeadline")
}

// 8,640 probes, each a request of its own over the network in memory.
func TestADayOfHTTPProbes(t *testing.T) {
	network := &podtest.Network{}
	var runs, asked atomic.Int64
	p := &pod.Pod{Network: network, Containers: []pod.Container{{
		Name: "web", Listen: "127.0.0.1:80", Liveness: &pod.Probe{Handler: pod.HTTPGet{Path: "/healthz"}},
		Run: func(ctx context.Context, env pod.Env) error {
			serve := serveRuns(&runs)
			return sandbox.ServeHTTP(ctx, env.Listener, &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				asked.Add(1)
				serve.ServeHTTP(w, r)
			})})
		},
	}}}
	began := time.Now()
	bubble(t, p, func(t *testing.T, b *running) {
		time.Sleep(24*time.Hour - time.Second)
		require.Zero(t, b.status("web").RestartCount)
		require.EqualValues(t, 8640, b.status("web").Probes[0].Successes)
		b.trace.take()
	})
	require.EqualValues(t, 8640, asked.Load())
	t.Logf("in %v", time.Since(began))
}
