package pod

import (
	"context"
	"fmt"
	"net"
	"os"
	"slices"
	"time"

	"github.com/podpatterns/podpatterns/adapter"
	"github.com/podpatterns/podpatterns/ambassador"
	"github.com/podpatterns/podpatterns/sidecar"
)

// shop is a pod with a container in each state that is of interest, as it would be
// a while after its start.
func shop(now time.Time) *Pod {
	nothing := func(context.Context, Env) error { return nil }
	helper := sidecar.Func(func(context.Context, *os.Root) error { return nil })
	p := &Pod{Name: "shop", Containers: []Container{
		{Name: "web", Run: nothing, Listen: "127.0.0.1:8080"},
		{Name: "worker", Run: nothing},
		{Name: "migrate", Init: true, Command: []string{"migrate", "up"}},
		{Name: "logs", Sidecar: helper},
		{Name: "db", Listen: "127.0.0.1:5432", Ambassador: ambassador.Func(func(context.Context, net.Listener) error { return nil })},
		{Name: "metrics", Listen: "0.0.0.0:9102", Adapter: adapter.Func(func(context.Context, *os.Root, net.Listener) error { return nil })},
		{Name: "reload", Sidecar: helper},
	}}
	r := &run{pod: p, startedAt: now.Add(-4 * time.Minute), inbox: newInbox()}
	r.addMembers()
	r.spec = p.spec("")
	r.conditions.initialized = transition{true, now.Add(-3 * time.Minute)}
	p.run = r
	ago := func(s int) time.Time { return now.Add(-time.Duration(s) * time.Second) }
	set := func(name string, is State, change func(*ContainerStatus)) {
		s := &r.byName[name].status
		s.State, s.Address = is, r.byName[name].Listen
		change(s)
	}
	up := func(s int) State { return State{Running: &RunningSince{StartedAt: ago(s)}} }
	set("migrate", State{Terminated: &Terminated{Reason: ReasonCompleted, StartedAt: ago(240), FinishedAt: ago(221)}}, func(s *ContainerStatus) { s.Ready = true })
	set("logs", up(221), func(s *ContainerStatus) { s.Ready, s.Started = true, true })
	set("db", up(62), func(s *ContainerStatus) {
		s.Ready, s.Started, s.RestartCount, s.StartDuration = true, true, 1, 1240*time.Millisecond
		s.LastState = State{Terminated: &Terminated{ExitCode: 1, Reason: ReasonError, Message: "accept tcp 127.0.0.1:5432: too many open files", StartedAt: ago(220), FinishedAt: ago(62)}}
		s.Probes = []ProbeStatus{{Type: "Readiness", Result: "Success", Successes: 6, LastDuration: 830 * time.Microsecond}}
	})
	set("metrics", State{Waiting: &Waiting{Reason: ReasonCrashLoopBackOff, Message: "back-off 40s restarting failed container=metrics pod=shop"}}, func(s *ContainerStatus) {
		s.RestartCount = 3
		s.LastState = State{Terminated: &Terminated{ExitCode: 2, Reason: ReasonError, Message: "panic: runtime error: index out of range [3] with length 3\n\ngoroutine 41 [running]", StartedAt: ago(31), FinishedAt: ago(30)}}
	})
	set("reload", up(100), func(s *ContainerStatus) {
		s.Hanging = &Hang{Since: ago(20), Stacks: "1 goroutine:\n\tsync.(*Mutex).Lock"}
	})
	set("web", up(205), func(s *ContainerStatus) {
		s.Started, s.StartDuration = true, 5200*time.Millisecond
		s.Probes = []ProbeStatus{
			{Type: "Startup", Result: "Success", Successes: 1, Failures: 4, LastDuration: 2 * time.Millisecond},
			{Type: "Readiness", Result: "Failure", Successes: 17, Failures: 3, LastDuration: time.Second, LastError: "Get \"http://127.0.0.1:8080/ready\": context deadline exceeded"},
			{Type: "Liveness", Result: "Success", Successes: 20, LastDuration: 1700 * time.Microsecond},
		}
	})
	set("worker", up(205), func(s *ContainerStatus) { s.Ready, s.Started = true, true })
	var events []Event
	say := func(s int, kind, container, reason, message string, run int) {
		events = append(events, Event{Time: ago(s), Type: kind, Reason: reason, Container: container, Run: run, Message: message})
	}
	say(240, Normal, "migrate", ReasonStarted, "container started", 1)
	say(221, Normal, "migrate", ReasonCompleted, "exit code 0", 1)
	for at, name := range []string{"logs", "db", "metrics", "reload"} {
		say(221-at, Normal, name, ReasonStarted, "container started", 1)
	}
	say(219, Normal, "db", ReasonReady, "container is ready", 1)
	say(205, Normal, "web", ReasonStarted, "container started", 1)
	say(205, Normal, "worker", ReasonStarted, "container started", 1)
	for i, at := range []int{140, 115, 31} {
		say(at+1, Warning, "metrics", ReasonError, "exit code 2: panic: runtime error: index out of range [3] with length 3\n\ngoroutine 41 [running]:\nmain.scrape(0xc000112000)\n\tscrape.go:57 +0x1a4", i+1)
		say(at, Warning, "metrics", ReasonBackOff, fmt.Sprintf("back-off %ds restarting failed container=metrics pod=shop", 10<<i), i+1)
		if i < 2 {
			say(at-10<<i, Normal, "metrics", ReasonStarted, "container started", i+2)
		}
	}
	say(62, Warning, "db", ReasonError, "exit code 1: accept tcp 127.0.0.1:5432: too many open files", 1)
	say(62, Normal, "db", ReasonStarted, "container started", 2)
	say(61, Normal, "db", ReasonReady, "container is ready", 2)
	say(50, Normal, "reload", ReasonKilling, "stopping container, within 30s", 1)
	say(20, Warning, "reload", ReasonExceededGracePeriod, "did not stop within 30s", 1)
	say(9, Warning, "web", ReasonUnhealthy, "Readiness probe failed: Get \"http://127.0.0.1:8080/ready\": context deadline exceeded", 1)
	slices.SortStableFunc(events, func(a, b Event) int { return a.Time.Compare(b.Time) })
	for _, e := range events {
		p.publish(e)
	}
	return p
}
