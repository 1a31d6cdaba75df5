package pod_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/podpatterns/podpatterns/pod"
	"github.com/podpatterns/podpatterns/sidecar"
)

// The moments of a start at which a pod can be told to stop: in each of them
// nothing more may start, and what runs must be stopped.
func TestStopDuringStart(t *testing.T) {
	for _, moment := range []struct {
		name  string
		at    time.Duration
		trace string
	}{
		{"while an init container runs", 500 * time.Millisecond, `
			0s init Started
			500ms pod Killing
			500ms init Killing
			500ms init Completed`},
		{"while a helper is not ready yet", 1500 * time.Millisecond, `
			0s init Started
			1s init Completed
			1s helper-1 Started
			1.5s pod Killing
			1.5s helper-1 Killing
			1.5s helper-1 Completed`},
		{"while a container waits in back-off", 5 * time.Second, `
			0s init Started
			1s init Completed
			1s helper-1 Started
			2s helper-1 Ready
			2s flaky Started
			2s flaky Error
			2s flaky Started
			2s flaky Error
			2s flaky BackOff
			5s pod Killing
			5s helper-1 Killing
			5s helper-1 Completed`},
	} {
		t.Run(moment.name, func(t *testing.T) {
			bubble(t, &pod.Pod{Containers: []pod.Container{
				{Name: "init", Init: true, Run: after(time.Second, nil)},
				{Name: "helper-1", Sidecar: &gated{Func: until, after: time.Second}},
				{Name: "flaky", Init: true, Run: asMain(scripted(errBoom, errBoom))},
				{Name: "helper-2", Sidecar: sidecar.Func(until)},
				{Name: "main", Run: mainUntil},
			}}, func(t *testing.T, b *running) {
				time.Sleep(moment.at)
				err := b.stop()
				if moment.at < 2*time.Second {
					require.NoError(t, err)
				} else {
					require.ErrorIs(t, err, errBoom, "the init container's last run failed")
				}
				b.expect(moment.trace)
			})
		})
	}
}

func TestAStopThatIsThereBeforeTheStart(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	ran := false
	var said []string
	p := &pod.Pod{Observer: func(e pod.Event) { said = append(said, e.Reason) }, Containers: []pod.Container{
		{Name: "main", Run: func(context.Context, pod.Env) error { ran = true; return nil }},
	}}
	require.NoError(t, p.Run(ctx))
	require.False(t, ran)
	require.Equal(t, []string{pod.ReasonKilling}, said)
}
