package main

import (
	"context"
	"log/slog"
	"os"
	"sync"

	"github.com/podpatterns/podpatterns/pod"
	"github.com/podpatterns/podpatterns/sidecar"
)

// helper gates what follows it on its own readiness.
type helper struct {
	service
	once  sync.Once
	ready chan struct{}
}

var _ sidecar.Sidecar = (*helper)(nil)

func (h *helper) Run(ctx context.Context, _ *os.Root) error {
	return h.live(ctx, func() { h.once.Do(func() { close(h.ready) }) })
}

func (h *helper) Ready(ctx context.Context) error {
	select {
	case <-h.ready:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// runPod gates each service on its readiness, which the pod then goes on asking for.
func runPod(ctx context.Context, services []service, told func(any)) error {
	return newPod(services, told, func(s service) sidecar.Sidecar {
		return &helper{service: s, ready: make(chan struct{})}
	}).Run(ctx)
}

// runPlainPod gates each service only on the one before being under way.
func runPlainPod(ctx context.Context, services []service, told func(any)) error {
	return newPod(services, told, func(s service) sidecar.Sidecar {
		return sidecar.Func(func(ctx context.Context, _ *os.Root) error { return s.live(ctx, func() {}) })
	}).Run(ctx)
}

func newPod(services []service, told func(any), helper func(service) sidecar.Sidecar) *pod.Pod {
	p := &pod.Pod{
		TerminationGracePeriod: grace,
		Logger:                 slog.New(slog.DiscardHandler),
		Observer:               func(e pod.Event) { told(e) },
	}
	helpers, main := services[:len(services)-1], services[len(services)-1]
	for _, s := range helpers {
		p.Containers = append(p.Containers, pod.Container{Name: s.name, Sidecar: helper(s)})
	}
	p.Containers = append(p.Containers, pod.Container{
		Name: main.name,
		Run:  func(ctx context.Context, _ pod.Env) error { return main.live(ctx, func() {}) },
	})
	return p
}
