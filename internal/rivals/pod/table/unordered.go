package main

import (
	"context"
	"errors"

	"github.com/oklog/run"
	"github.com/thejerf/suture/v4"
)

type sutureService struct{ service }

func (s sutureService) Serve(ctx context.Context) error {
	if err := s.live(ctx, func() {}); err != nil {
		return err
	}
	return ctx.Err()
}

func (s sutureService) String() string { return s.name }

func runSuture(ctx context.Context, services []service, told func(any)) error {
	s := suture.New("table", suture.Spec{EventHook: func(e suture.Event) { told(e) }, Timeout: grace})
	for _, each := range services {
		s.Add(sutureService{each})
	}
	err := s.Serve(ctx)
	if report, _ := s.UnstoppedServiceReport(); len(report) > 0 {
		told(report)
	}
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

func runOklog(ctx context.Context, services []service, _ func(any)) error {
	var g run.Group
	g.Add(func() error {
		<-ctx.Done()
		return nil
	}, func(error) {})
	for _, s := range services {
		ctx, interrupt := context.WithCancel(context.Background())
		g.Add(func() error { return s.live(ctx, func() {}) }, func(error) { interrupt() })
	}
	return g.Run()
}
