package main

import (
	"context"
	"os"

	"github.com/podpatterns/podpatterns/pod/sandbox"
	"github.com/podpatterns/podpatterns/sidecar/logcollect"
)

// A mortal collector can be made to crash: its run ends where it is, without
// finishing anything, and panics.
type mortal struct {
	*logcollect.Collector
	crash chan struct{}
}

func (m *mortal) Run(ctx context.Context, root *os.Root) error {
	killed, kill := context.WithCancel(context.Background())
	defer kill()
	crashing, crash := context.WithCancel((&sandbox.Sandbox{Logger: sandbox.Logger(ctx), Killed: killed}).Context(ctx))
	defer crash()
	ended := make(chan error, 1)
	go func() { ended <- m.Collector.Run(crashing, root) }()
	select {
	case err := <-ended:
		return err
	case <-m.crash:
		kill()
		crash()
		<-ended
		panic("the operator wants it so")
	}
}
