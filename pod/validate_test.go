package pod_test

import (
	"context"
	"net"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/hashicorp/go-multierror"
	"github.com/stretchr/testify/require"

	"github.com/podpatterns/podpatterns/adapter"
	"github.com/podpatterns/podpatterns/ambassador"
	"github.com/podpatterns/podpatterns/pod"
	"github.com/podpatterns/podpatterns/sidecar"
)

var (
	aSidecar    = sidecar.Func(until)
	aAmbassador = ambassador.Func(func(ctx context.Context, _ net.Listener) error { return until(ctx, nil) })
	aAdapter    = adapter.Func(func(ctx context.Context, root *os.Root, _ net.Listener) error { return until(ctx, root) })
)

// pointer is a sidecar that can be a nil pointer.
type pointer struct{}

func (*pointer) Run(context.Context, *os.Root) error { return nil }

func TestBadInput(t *testing.T) {
	main := pod.Container{Name: "main", Run: mainUntil}
	with := func(c pod.Container) *pod.Pod { return &pod.Pod{Containers: []pod.Container{main, c}} }
	for _, test := range []struct {
		name, field, value, says string
		pod                      *pod.Pod
	}{
		{"no containers", "Containers", "0", "no main container", &pod.Pod{}},
		{"no main container", "Containers", "1", "no main container", &pod.Pod{Containers: []pod.Container{{Name: "a", Sidecar: aSidecar}}}},
		{"only an init container", "Containers", "1", "no main container", &pod.Pod{Containers: []pod.Container{{Name: "a", Init: true, Run: mainUntil}}}},
		{"a bad pod name", "Name", "Web_1", "DNS-1123", &pod.Pod{Name: "Web_1", Containers: []pod.Container{main}}},
		{"a status address without a host", "StatusListen", ":9100", "127.0.0.1:9100", &pod.Pod{StatusListen: ":9100", Containers: []pod.Container{main}}},
		{"a status address without a port", "StatusListen", "localhost", "missing port", &pod.Pod{StatusListen: "localhost", Containers: []pod.Container{main}}},
		{"a status address that is nobody's", "StatusListen", "192.0.2.1:80", "can't be opened", &pod.Pod{StatusListen: "192.0.2.1:80", Containers: []pod.Container{main}}},
		{"a container's address for the status", "StatusListen", "127.0.0.1:65002", "Containers[1]", &pod.Pod{StatusListen: "127.0.0.1:65002", Containers: []pod.Container{main, {Name: "x", Adapter: aAdapter, Listen: "127.0.0.1:65002"}}}},
		{"a bad policy", "RestartPolicy", "Sometimes", "none of Always", &pod.Pod{RestartPolicy: "Sometimes", Containers: []pod.Container{main}}},
		{"a negative grace", "TerminationGracePeriod", "-1s", "negative", &pod.Pod{TerminationGracePeriod: -time.Second, Containers: []pod.Container{main}}},
		{"a negative hold", "HoldTimeout", "-1ns", "negative", &pod.Pod{HoldTimeout: -1, Containers: []pod.Container{main}}},
		{"a directory that is a file", "Dir", "/dev/null/x", "not a directory", &pod.Pod{Dir: "/dev/null/x", Containers: []pod.Container{main}}},

		{"no name", "Containers[1].Name", "", "needs a name", with(pod.Container{Run: mainUntil})},
		{"a bad name", "Containers[1].Name", "-x", "DNS-1123", with(pod.Container{Name: "-x", Run: mainUntil})},
		{"a long name", "Containers[1].Name", "a123456789012345678901234567890123456789012345678901234567890123", "DNS-1123", with(pod.Container{Name: "a123456789012345678901234567890123456789012345678901234567890123", Run: mainUntil})},
		{"a name with a line break", "Containers[1].Name", "x\n", "DNS-1123", with(pod.Container{Name: "x\n", Run: mainUntil})},
		{"a duplicate name", "Containers[1].Name", "main", "Containers[0]", with(pod.Container{Name: "main", Run: mainUntil})},
		{"no implementation", "Containers[1].Name", "x", "none of Sidecar", with(pod.Container{Name: "x"})},
		{"two implementations", "Containers[1].Name", "x", "only one of Sidecar, Run", with(pod.Container{Name: "x", Sidecar: aSidecar, Run: mainUntil})},
		{"a helper that is Init", "Containers[1].Init", "true", "can't be an init container", with(pod.Container{Name: "x", Sidecar: aSidecar, Init: true})},
		{"a nil pointer", "Containers[1].Sidecar", "<nil>", "nil *pod_test.pointer", with(pod.Container{Name: "x", Sidecar: (*pointer)(nil)})},
		{"a nil Func", "Containers[1].Sidecar", "<nil>", "nil sidecar.Func", with(pod.Container{Name: "x", Sidecar: sidecar.Func(nil)})},
		{"a helper's policy", "Containers[1].RestartPolicy", "Never", "K2", with(pod.Container{Name: "x", Sidecar: aSidecar, RestartPolicy: pod.Never})},
		{"a container's bad policy", "Containers[1].RestartPolicy", "never", "none of Always", with(pod.Container{Name: "x", Run: mainUntil, RestartPolicy: "never"})},

		{"a Sidecar with Listen", "Containers[1].Listen", "127.0.0.1:0", "does not listen", with(pod.Container{Name: "x", Sidecar: aSidecar, Listen: "127.0.0.1:0"})},
		{"an Ambassador without", "Containers[1].Listen", "", "needs an address", with(pod.Container{Name: "x", Ambassador: aAmbassador})},
		{"an address without a host", "Containers[1].Listen", ":9102", "127.0.0.1:9102", with(pod.Container{Name: "x", Adapter: aAdapter, Listen: ":9102"})},
		{"the same, the other choice", "Containers[1].Listen", ":9102", "0.0.0.0:9102", with(pod.Container{Name: "x", Adapter: aAdapter, Listen: ":9102"})},
		{"an address without a port", "Containers[1].Listen", "127.0.0.1", "missing port", with(pod.Container{Name: "x", Adapter: aAdapter, Listen: "127.0.0.1"})},
		{"a port that is none", "Containers[1].Listen", "127.0.0.1:http", "port from 0 to 65535", with(pod.Container{Name: "x", Adapter: aAdapter, Listen: "127.0.0.1:http"})},
		{"a port that is too high", "Containers[1].Listen", "127.0.0.1:65536", "port from 0 to 65535", with(pod.Container{Name: "x", Adapter: aAdapter, Listen: "127.0.0.1:65536"})},
		{"no path", "Containers[1].Listen", "unix:", "no path", with(pod.Container{Name: "x", Adapter: aAdapter, Listen: "unix:"})},
		{"a path that leaves the directory", "Containers[1].Listen", "unix:../x.sock", "leaves the pod's directory", with(pod.Container{Name: "x", Adapter: aAdapter, Listen: "unix:../x.sock"})},
		{"an address that is nobody's", "Containers[1].Listen", "192.0.2.1:80", "can't be opened", with(pod.Container{Name: "x", Adapter: aAdapter, Listen: "192.0.2.1:80"})},
		{"two containers on one address", "Containers[2].Listen", "127.0.0.1:65000", "Containers[1]", &pod.Pod{Containers: []pod.Container{main, {Name: "x", Adapter: aAdapter, Listen: "127.0.0.1:65000"}, {Name: "y", Adapter: aAdapter, Listen: "127.0.0.1:65000"}}}},
		{"two on one address, spelt in two ways", "Containers[2].Listen", "unix:./x.sock", "Containers[1]", &pod.Pod{Containers: []pod.Container{main, {Name: "x", Adapter: aAdapter, Listen: "unix:x.sock"}, {Name: "y", Adapter: aAdapter, Listen: "unix:./x.sock"}}}},
		{"one address for all and one of them", "Containers[2].Listen", "127.0.0.1:65001", "Containers[1]", &pod.Pod{Containers: []pod.Container{main, {Name: "x", Adapter: aAdapter, Listen: "0.0.0.0:65001"}, {Name: "y", Adapter: aAdapter, Listen: "127.0.0.1:65001"}}}},

		{"an empty command", "Containers[1].Command", "[]", "names no program", with(pod.Container{Name: "x", Command: []string{}})},
		{"an empty program", "Containers[1].Command", "[ a]", "names no program", with(pod.Container{Name: "x", Command: []string{"", "a"}})},
		{"a NUL byte", "Containers[1].Command", "a\x00", "NUL", with(pod.Container{Name: "x", Command: []string{"a\x00"}})},
		{"a bad variable", "Containers[1].Env", "=x", "NAME=VALUE", with(pod.Container{Name: "x", Command: []string{"a"}, Env: []string{"=x"}})},
		{"an output outside", "Containers[1].Output", "../x", "inside the pod's directory", with(pod.Container{Name: "x", Command: []string{"a"}, Output: "../x"})},
		{"an environment of a function", "Containers[1].Env", "[A=b]", "only a Command", with(pod.Container{Name: "x", Run: mainUntil, Env: []string{"A=b"}})},
		{"an output of a function", "Containers[1].Output", "x", "only a Command", with(pod.Container{Name: "x", Run: mainUntil, Output: "x"})},
		{"a signal to a function", "Containers[1].StopSignal", "interrupt", "only a Command", with(pod.Container{Name: "x", Run: mainUntil, StopSignal: os.Interrupt})},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.pod.Observer = func(e pod.Event) { t.Errorf("something happened: %v", e) }
			ctx, cancel := context.WithCancel(t.Context())
			cancel() // what is not found out must not run for ever
			err := test.pod.Run(ctx)
			var all *multierror.Error
			require.ErrorAs(t, err, &all)
			var found *pod.FieldError
			for _, err := range all.Errors {
				var fe *pod.FieldError
				if require.ErrorAs(t, err, &fe); fe.Field == test.field {
					found = fe
				}
			}
			require.NotNil(t, found, "%v", err)
			require.Equal(t, test.value, found.Value)
			require.ErrorContains(t, found, test.says)
			require.ErrorContains(t, err, test.field)
		})
	}
}

func TestAllThatIsWrongIsInOneError(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer taken.Close()
	p := &pod.Pod{TerminationGracePeriod: -1, HoldTimeout: -1, Containers: []pod.Container{
		{Name: "X"},
		{Name: "taken", Adapter: aAdapter, Listen: taken.Addr().String()},
		{Name: "nobody", Adapter: aAdapter, Listen: "192.0.2.1:80"},
	}}
	err = p.Run(t.Context())
	var all *multierror.Error
	require.ErrorAs(t, err, &all)
	require.Len(t, all.Errors, 6, "%v", err)
	require.ErrorIs(t, err, syscall.EADDRINUSE)
	require.ErrorIs(t, err, syscall.EADDRNOTAVAIL)
	require.ErrorContains(t, err, `container "taken"`)
}

func TestASecondRunAtOnceIsRefused(t *testing.T) {
	bubble(t, &pod.Pod{Containers: []pod.Container{{Name: "main", Run: mainUntil}}}, func(t *testing.T, b *running) {
		b.expect("0s main Started")
		require.ErrorContains(t, b.pod.Run(t.Context()), "runs already")
		require.ErrorContains(t, b.pod.RunContainer(t.Context(), "main"), "runs already")
		require.ErrorContains(t, b.pod.RunContainer(t.Context(), "nobody"), `"nobody": no container`)
		b.expect("")
	})
}
