package podtest_test

import (
	"context"
	"errors"
	"go/doc/comment"
	"go/parser"
	"go/token"
	"net/http"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/podpatterns/podpatterns/pod"
	"github.com/podpatterns/podpatterns/pod/podtest"
	"github.com/podpatterns/podpatterns/pod/sandbox"
	"github.com/podpatterns/podpatterns/sidecar"
)

// The guide in doc.go, which TestGuide holds to be this.

func shop() *pod.Pod {
	return &pod.Pod{Name: "shop", Network: &podtest.Network{}, Containers: []pod.Container{
		{Name: "migrate", Init: true, Run: migrate},
		{Name: "logs", Sidecar: sidecar.Func(ship)},
		{Name: "web", Run: serve, Listen: "127.0.0.1:80"},
	}}
}

func TestStartAndStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := podtest.Run(t, shop())
		r.AwaitReady("web")
		r.ExpectTrace(`
			0s migrate Started
			2s migrate Completed
			2s logs Started
			2s web Started`)
		if err := r.Stop(); err != nil {
			t.Error(err)
		}
		r.ExpectTrace(`
			2s pod Killing: *told to
			2s web Killing
			2s web Completed
			2s logs Killing
			2s logs Completed`)
	})
}

func TestShipperCrashes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := shop()
		p.Containers[1] = podtest.Crash(p.Containers[1], 0, time.Second, errors.New("disk full"))
		r := podtest.Run(t, p)
		r.AwaitReady("web")
		time.Sleep(15 * time.Second)
		r.ExpectTrace(`
			0s migrate Started
			2s migrate Completed
			2s logs Started
			2s web Started
			3s logs Error: *disk full
			3s logs Started
			4s logs Error
			4s logs BackOff: *10s*
			14s logs Started
			15s logs Error
			15s logs BackOff: *20s*`)
		if n := r.Container("web").RestartCount; n != 0 {
			t.Errorf("the shop was restarted %d times", n)
		}
		if r.Stop() == nil {
			t.Error("the last run of the shipper has failed, and Run has not said so")
		}
	})
}

func TestRestartLosesNoRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := shop()
		r := podtest.Run(t, p)
		r.AwaitReady("web")
		client := &http.Client{Transport: &http.Transport{DialContext: p.Network.DialContext, DisableKeepAlives: true}}
		for i := range 60 {
			if i%10 == 9 {
				go p.Restart("web")
			}
			resp, err := client.Get("http://" + r.Container("web").Address)
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			time.Sleep(time.Second)
		}
		if n := r.Container("web").RestartCount; n != 6 {
			t.Errorf("%d restarts", n)
		}
	})
}

// What the guide leaves out.

func migrate(ctx context.Context, _ pod.Env) error {
	select {
	case <-time.After(2 * time.Second):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func ship(ctx context.Context, _ *os.Root) error {
	<-ctx.Done()
	return nil
}

func serve(ctx context.Context, env pod.Env) error {
	return sandbox.ServeHTTP(ctx, env.Listener, &http.Server{Handler: http.HandlerFunc(up)})
}

func TestGuide(t *testing.T) {
	guide, err := os.ReadFile("guide_test.go")
	require.NoError(t, err)
	doc, err := parser.ParseFile(token.NewFileSet(), "doc.go", nil, parser.ParseComments)
	require.NoError(t, err)
	found := 0
	for _, block := range new(comment.Parser).Parse(doc.Doc.Text()).Content {
		if code, ok := block.(*comment.Code); ok && strings.HasPrefix(code.Text, "func ") {
			found++
			require.Contains(t, string(guide), "\n"+code.Text)
		}
	}
	require.Equal(t, 4, found)
}
