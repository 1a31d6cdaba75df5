package main

import (
	"context"

	"go.uber.org/fx"
	"go.uber.org/fx/fxevent"
)

type fxLog func(any)

func (l fxLog) LogEvent(e fxevent.Event) { l(e) }

func newFx(services []service, told func(any), more ...fx.Option) *fx.App {
	return fx.New(append(more,
		fx.WithLogger(func() fxevent.Logger { return fxLog(told) }),
		fx.StopTimeout(grace),
		fx.RecoverFromPanics(),
		fx.Invoke(func(l fx.Lifecycle) {
			for _, s := range services {
				if s.name == bad {
					appendBad(l, s)
				} else {
					l.Append(fxHook(s))
				}
			}
		}))...)
}

// appendBad is there for its name: fx knows a hook by the function that appended it.
func appendBad(l fx.Lifecycle, s service) { l.Append(fxHook(s)) }

func fxHook(s service) fx.Hook {
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan struct{})
	return fx.Hook{
		OnStart: func(starting context.Context) error {
			if err := s.start(starting); err != nil {
				return err
			}
			go func() {
				defer close(ended)
				defer s.stop()
				s.run(ctx)
			}()
			return nil
		},
		OnStop: func(stopping context.Context) error {
			stop()
			select {
			case <-ended:
				return nil
			case <-stopping.Done():
				return stopping.Err()
			}
		},
	}
}

// runFx does what fx's own Run does, which a signal stops. Run itself would exit
// this process.
func runFx(ctx context.Context, services []service, told func(any)) error {
	var signal fx.Shutdowner
	app := newFx(services, told, fx.Populate(&signal))
	over := app.Wait()
	defer context.AfterFunc(ctx, func() { _ = signal.Shutdown() })()
	starting, cancel := context.WithTimeout(context.Background(), app.StartTimeout())
	defer cancel()
	if err := app.Start(starting); err != nil {
		return err
	}
	<-over
	return stopFx(app)
}

// cancelFx stops during the start by the context that Start takes.
func cancelFx(ctx context.Context, services []service, told func(any)) error {
	app := newFx(services, told)
	if err := app.Start(ctx); err != nil {
		return err
	}
	<-ctx.Done()
	return stopFx(app)
}

func stopFx(app *fx.App) error {
	stopping, cancel := context.WithTimeout(context.Background(), app.StopTimeout())
	defer cancel()
	return app.Stop(stopping)
}
