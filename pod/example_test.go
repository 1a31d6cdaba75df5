package pod_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"

	"github.com/podpatterns/podpatterns/adapter"
	"github.com/podpatterns/podpatterns/ambassador"
	"github.com/podpatterns/podpatterns/pod"
	"github.com/podpatterns/podpatterns/pod/sandbox"
	"github.com/podpatterns/podpatterns/sidecar"
)

// The order of start and stop: helpers as listed, then the main container, and
// back.
func Example() {
	helper := func(name string) sidecar.Func {
		return func(ctx context.Context, root *os.Root) error {
			<-ctx.Done()
			return nil
		}
	}
	p := &pod.Pod{
		RestartPolicy: pod.Never,
		Observer:      func(e pod.Event) { fmt.Println(e.Container, e.Reason) },
		Containers: []pod.Container{
			{Name: "prepare", Init: true, Run: func(ctx context.Context, env pod.Env) error {
				return env.Root.WriteFile("greeting", []byte("hello"), 0o644)
			}},
			{Name: "logs", Sidecar: helper("logs")},
			{Name: "proxy", Sidecar: helper("proxy")},
			{Name: "main", Run: func(ctx context.Context, env pod.Env) error {
				greeting, err := env.Root.ReadFile("greeting")
				fmt.Printf("%s\n", greeting)
				return err
			}},
		},
	}
	fmt.Println(p.Run(context.Background()))
	// Unordered output:
	// prepare Started
	// prepare Completed
	// logs Started
	// proxy Started
	// main Started
	// hello
	// main Completed
	//  Killing
	// proxy Killing
	// proxy Completed
	// logs Killing
	// logs Completed
	// <nil>
}

// One of each kind: the sidecar shares the main container's files, the ambassador
// its connections, the adapter presents what it wrote.
func ExamplePod() {
	p := &pod.Pod{RestartPolicy: pod.Never, Observer: func(pod.Event) {}, Containers: []pod.Container{
		{Name: "shout", Sidecar: sidecar.Func(func(ctx context.Context, root *os.Root) error {
			<-ctx.Done() // the main container has ended: its files are complete
			text, err := root.ReadFile("out.txt")
			fmt.Printf("sidecar: %s\n", text)
			return err
		})},
		{Name: "time", Listen: "127.0.0.1:0", Ambassador: ambassador.Func(func(ctx context.Context, l net.Listener) error {
			context.AfterFunc(ctx, func() { l.Close() })
			for {
				c, err := l.Accept()
				if err != nil {
					return nil
				}
				io.WriteString(c, "noon")
				c.Close()
			}
		})},
		{Name: "status", Listen: "127.0.0.1:0", Adapter: adapter.Func(func(ctx context.Context, root *os.Root, l net.Listener) error {
			return sandbox.ServeHTTP(ctx, l, &http.Server{Handler: http.FileServerFS(root.FS())})
		})},
		{Name: "main", Run: func(ctx context.Context, env pod.Env) error {
			a, err := sandbox.Addr(ctx, "time")
			if err != nil {
				return err
			}
			c, err := sandbox.Dial(ctx, "tcp", a.String())
			if err != nil {
				return err
			}
			defer c.Close()
			now, err := io.ReadAll(c)
			return errors.Join(err, env.Root.WriteFile("out.txt", now, 0o644))
		}},
	}}
	fmt.Println(p.Run(context.Background()))
	// Output:
	// sidecar: noon
	// <nil>
}

func ExamplePod_Status() {
	p := &pod.Pod{Name: "job", RestartPolicy: pod.Never, Observer: func(pod.Event) {}, Containers: []pod.Container{
		{Name: "main", Run: func(ctx context.Context, env pod.Env) error { return errors.New("no such table") }},
	}}
	fmt.Println(p.Run(context.Background()))
	status := p.Status()
	fmt.Println(status.Phase, status.Containers[0].State.Terminated.ExitCode)
	// Output:
	// pod "job": container "main": Error (exit code 1): no such table
	// Failed 1
}
