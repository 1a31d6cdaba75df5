package pod_test

import (
	"context"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/podpatterns/podpatterns/pod"
	"github.com/podpatterns/podpatterns/sidecar"
)

// inUTC makes times print the same on every machine.
func inUTC(t *testing.T) {
	local := time.Local
	time.Local = time.UTC
	t.Cleanup(func() { time.Local = local })
}

func TestStatusPrintsLikeKubectlDescribe(t *testing.T) {
	inUTC(t)
	dir := t.TempDir()
	p := &pod.Pod{Name: "web", Dir: dir, Containers: []pod.Container{
		{Name: "migrate", Init: true, Run: after(time.Second, nil)},
		{Name: "logs", Sidecar: sidecar.Func(scripted(errBoom, errBoom))},
		{Name: "slow", Sidecar: &gated{Func: until, after: time.Hour}},
		{Name: "nginx", Run: mainUntil},
	}}
	bubble(t, p, func(t *testing.T, b *running) {
		time.Sleep(3 * time.Second)
		b.trace.take()
		require.Equal(t, strings.ReplaceAll(`Name:               web
Status:             Pending
Start Time:         Sat, 01 Jan 2000 00:00:00 +0000
Directory:          DIR
Init Containers:
  migrate:
    Kind:           Init
    State:          Terminated
      Reason:       Completed
      Exit Code:    0
      Started:      Sat, 01 Jan 2000 00:00:00 +0000
      Finished:     Sat, 01 Jan 2000 00:00:01 +0000
    Ready:          True
    Restart Count:  0
Helpers:
  logs:
    Kind:           Sidecar
    State:          Waiting
      Reason:       CrashLoopBackOff
      Message:      back-off 10s restarting failed container=logs pod=web
    Last State:     Terminated
      Reason:       Error
      Message:      boom
      Exit Code:    1
      Started:      Sat, 01 Jan 2000 00:00:01 +0000
      Finished:     Sat, 01 Jan 2000 00:00:01 +0000
    Ready:          False
    Restart Count:  1
  slow:
    Kind:           Sidecar
    State:          Running
      Started:      Sat, 01 Jan 2000 00:00:01 +0000
    Ready:          False
    Restart Count:  0
Containers:
  nginx:
    Kind:           Main
    State:          Waiting
      Reason:       PodInitializing
    Ready:          False
    Restart Count:  0
Conditions:
  Type              Status
  Initialized       False  ContainersNotInitialized: containers with incomplete status: [logs slow]
  ContainersReady   False  ContainersNotReady: containers with unready status: [logs slow nginx]
  Ready             False  ContainersNotReady: containers with unready status: [logs slow nginx]
`, "DIR", dir), b.pod.Status().String())
	})
}

func TestStatusIsJSONInKubernetesForm(t *testing.T) {
	inUTC(t)
	p := &pod.Pod{Name: "web", Containers: []pod.Container{{Name: "nginx", Run: after(time.Second, errBoom)}}}
	bubble(t, p, func(t *testing.T, b *running) {
		time.Sleep(2500 * time.Millisecond)
		text, err := json.Marshal(b.pod.Status().Containers)
		require.NoError(t, err)
		require.JSONEq(t, `[{
			"name": "nginx", "kind": "Main", "ready": false, "started": false, "restartCount": 1,
			"state": {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 10s restarting failed container=nginx pod=web"}},
			"lastState": {"terminated": {"exitCode": 1, "reason": "Error", "message": "boom",
				"startedAt": "2000-01-01T00:00:01Z", "finishedAt": "2000-01-01T00:00:02Z"}}}]`, string(text))
		var back pod.Status
		text, err = json.Marshal(b.pod.Status())
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(text, &back))
		again, err := json.Marshal(back)
		require.NoError(t, err)
		require.JSONEq(t, string(text), string(again))
	})
}

func TestK33_AContainersStates(t *testing.T) {
	p := &pod.Pod{Containers: []pod.Container{
		{Name: "init", Init: true, Run: after(time.Second, nil)},
		{Name: "main", Run: asMain(scripted(errBoom, errBoom))},
	}}
	bubble(t, p, func(t *testing.T, b *running) {
		synctest.Wait()
		init, main := b.status("init"), b.status("main")
		require.Equal(t, pod.State{Running: &pod.RunningSince{StartedAt: b.trace.began}}, init.State)
		require.Equal(t, pod.State{Waiting: &pod.Waiting{Reason: pod.ReasonPodInitializing}}, main.State)
		require.False(t, init.Ready, "K35: an init container is ready when it has exited with 0")
		time.Sleep(2 * time.Second)
		init, main = b.status("init"), b.status("main")
		require.Equal(t, 0, init.State.Terminated.ExitCode)
		require.Equal(t, time.Second, init.State.Terminated.FinishedAt.Sub(init.State.Terminated.StartedAt))
		require.True(t, init.Ready)
		require.Equal(t, pod.ReasonCrashLoopBackOff, main.State.Waiting.Reason)
		require.Equal(t, "boom", main.LastState.Terminated.Message)
		require.Equal(t, 1, main.RestartCount, "K41")
		require.False(t, main.Ready)
		time.Sleep(10 * time.Second)
		main = b.status("main")
		require.NotNil(t, main.State.Running)
		require.Equal(t, 2, main.RestartCount, "K41")
		require.True(t, main.Ready && main.Started, "K35")
	})
}

func TestK35_AHelperIsReadyOnceItHasStarted(t *testing.T) {
	p := &pod.Pod{Containers: []pod.Container{
		{Name: "helper", Sidecar: &gated{Func: until, after: time.Second}}, {Name: "main", Run: mainUntil},
	}}
	bubble(t, p, func(t *testing.T, b *running) {
		synctest.Wait()
		helper := b.status("helper")
		require.NotNil(t, helper.State.Running)
		require.False(t, helper.Started || helper.Ready)
		time.Sleep(2 * time.Second)
		helper = b.status("helper")
		require.True(t, helper.Started && helper.Ready)
	})
}

func TestK34_WaitingReasonBeforeTheFirstRun(t *testing.T) {
	alone := &pod.Pod{Containers: []pod.Container{{Name: "main", Run: mainUntil}}}
	require.Equal(t, "ContainerCreating", alone.Status().Containers[0].State.Waiting.Reason)
	helped := &pod.Pod{Containers: []pod.Container{{Name: "main", Run: mainUntil}, {Name: "helper", Sidecar: aSidecar}}}
	require.Equal(t, "PodInitializing", helped.Status().Containers[0].State.Waiting.Reason)
	require.Equal(t, pod.Pending, helped.Status().Phase)
}

func TestK36_Phases(t *testing.T) {
	type at struct {
		at    time.Duration
		phase pod.Phase
	}
	for _, test := range []struct {
		name   string
		pod    *pod.Pod
		phases []at
	}{
		{"a job that succeeds", &pod.Pod{RestartPolicy: pod.Never, Containers: []pod.Container{
			{Name: "init", Init: true, Run: after(time.Minute, nil)},
			{Name: "helper", Sidecar: &gated{Func: lingering(time.Second), after: time.Minute}},
			{Name: "main", Run: after(time.Minute, nil)},
		}}, []at{{time.Second, pod.Pending}, {61 * time.Second, pod.Pending}, {121 * time.Second, pod.Running}, {180*time.Second + time.Millisecond, pod.Running}, {time.Hour, pod.Succeeded}}},
		{"one of two mains fails", &pod.Pod{RestartPolicy: pod.Never, Containers: []pod.Container{
			{Name: "main-1", Run: after(time.Minute, errBoom)}, {Name: "main-2", Run: after(2*time.Minute, nil)},
		}}, []at{{time.Second, pod.Running}, {61 * time.Second, pod.Running}, {time.Hour, pod.Failed}}},
		{"a main in back-off", &pod.Pod{Containers: []pod.Container{
			{Name: "main", Run: asMain(scripted(errBoom, errBoom))},
		}}, []at{{time.Second, pod.Running}, {time.Minute, pod.Running}}},
		{"a helper that crashes once a main has run", &pod.Pod{Containers: []pod.Container{
			{Name: "helper", Sidecar: sidecar.Func(scripted(errBoom, errBoom))}, {Name: "main", Run: mainUntil},
		}}, []at{{time.Second, pod.Running}}},
		{"an init container that fails for good", &pod.Pod{RestartPolicy: pod.Never, Containers: []pod.Container{
			{Name: "init", Init: true, Run: after(time.Minute, errBoom)}, {Name: "main", Run: mainUntil},
		}}, []at{{time.Second, pod.Pending}, {time.Hour, pod.Failed}}},
		{"an init container that is tried again", &pod.Pod{Containers: []pod.Container{
			{Name: "init", Init: true, Run: asMain(scripted(errBoom, errBoom, nil))}, {Name: "main", Run: mainUntil},
		}}, []at{{time.Second, pod.Pending}, {11 * time.Second, pod.Running}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			bubble(t, test.pod, func(t *testing.T, b *running) {
				for _, want := range test.phases {
					time.Sleep(want.at - time.Since(b.trace.began))
					require.Equal(t, want.phase, b.pod.Status().Phase, want.at)
				}
				b.stop()
				last := b.pod.Status().Phase
				require.Contains(t, []pod.Phase{pod.Succeeded, pod.Failed}, last)
			})
		})
	}
}

func TestK37_ConditionsSaySinceWhen(t *testing.T) {
	p := &pod.Pod{RestartPolicy: pod.Never, Containers: []pod.Container{
		{Name: "helper", Sidecar: sidecar.Func(func(ctx context.Context, root *os.Root) error {
			return after(time.Minute, errBoom)(ctx, pod.Env{})
		})},
		{Name: "main", Run: after(90*time.Second, nil)},
	}}
	condition := func(b *running, i int) (string, time.Duration, string) {
		c := b.pod.Status().Conditions[i]
		return c.Type + " " + c.Status, c.LastTransitionTime.Sub(b.trace.began), c.Reason
	}
	bubble(t, p, func(t *testing.T, b *running) {
		for _, want := range []struct {
			at     time.Duration
			index  int
			is     string
			since  time.Duration
			reason string
		}{
			{time.Second, 0, "Initialized True", 0, ""},
			{time.Second, 2, "Ready True", 0, ""},
			{2 * time.Second, 1, "ContainersReady True", 0, ""},
			{61 * time.Second, 1, "ContainersReady True", 0, ""}, // restarted at the same moment
			{2 * time.Minute, 0, "Initialized True", 0, ""},
			{2 * time.Minute, 2, "Ready False", 90 * time.Second, "PodCompleted"},
		} {
			time.Sleep(want.at - time.Since(b.trace.began))
			is, since, reason := condition(b, want.index)
			require.Equal(t, want.is, is)
			require.Equal(t, want.since, since, want.is)
			require.Equal(t, want.reason, reason)
		}
	})
}

func TestK37_OneUnreadyContainerIsEnough(t *testing.T) {
	bubble(t, &pod.Pod{Containers: []pod.Container{
		{Name: "main-1", Run: mainUntil}, {Name: "main-2", Run: mainUntil, PostStart: hook(time.Minute, nil)},
	}}, func(t *testing.T, b *running) {
		synctest.Wait()
		require.Equal(t, "False", b.pod.Status().Conditions[2].Status)
		require.Equal(t, "containers with unready status: [main-2]", b.pod.Status().Conditions[2].Message)
		time.Sleep(time.Hour)
		require.Equal(t, "True", b.pod.Status().Conditions[2].Status)
		b.trace.take()
	})
}

func TestASlowObserverLosesEventsAndHoldsNothingUp(t *testing.T) {
	let := make(chan struct{})
	seen := 0
	p := &pod.Pod{Observer: func(pod.Event) { <-let; seen++ }, Containers: []pod.Container{
		{Name: "helper", Sidecar: aSidecar}, {Name: "main", Run: mainUntil},
	}}
	b := start(t, p)
	b.up("main")
	for range 1000 {
		require.NoError(t, p.Restart("helper"))
	}
	close(let)
	require.NoError(t, b.stop())
	dropped := int(p.Status().EventsDropped)
	require.Positive(t, dropped)
	require.Equal(t, 3000+7, seen+dropped)
}
