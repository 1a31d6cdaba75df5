package pod_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"time"

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

// Coloured on a terminal, and plain elsewhere, as here.
func ExampleConsole() {
	p := &pod.Pod{Observer: pod.Console(os.Stdout)} // and Containers

	at := time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)
	p.Observer(pod.Event{Time: at, Type: pod.Normal, Reason: pod.ReasonStarted, Container: "web", Message: "container started"})
	p.Observer(pod.Event{Time: at, Type: pod.Warning, Reason: pod.ReasonError, Container: "web", Message: "exit code 2: panic: boom\ngoroutine 7 [running]:\nmain.serve(...)"})
	// Output:
	// 12:00:00.000  web         Started              container started
	// 12:00:00.000  web         Error                exit code 2: panic: boom
	//               goroutine 7 [running]:
	//               main.serve(...)
}

// The pod's status in a server of the program's own, beside what else it serves.
func ExamplePod_Handler() {
	p := &pod.Pod{Name: "web", RestartPolicy: pod.Never, Observer: func(pod.Event) {}, Containers: []pod.Container{
		{Name: "main", Run: func(context.Context, pod.Env) error { return nil }},
	}}
	mux := http.NewServeMux()
	mux.Handle("/pod/", http.StripPrefix("/pod", p.Handler()))

	fmt.Println(p.Run(context.Background()))
	answer := httptest.NewRecorder()
	mux.ServeHTTP(answer, httptest.NewRequest("GET", "/pod/readyz", nil))
	fmt.Print(answer.Code, "\n", answer.Body)
	// Output:
	// <nil>
	// 503
	// [-]main failed: terminated: Completed (exit code 0)
	// readyz check failed
}
