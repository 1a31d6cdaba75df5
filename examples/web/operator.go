package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"time"

	"github.com/podpatterns/podpatterns/pod"
)

// operate does what happens to a pod in its life, pause after pause.
func operate(ctx context.Context, p *pod.Pod, collector *mortal, o options) error {
	pause := o.runFor / 6
	if pause == 0 {
		pause = 2 * time.Second
	}
	for _, task := range []struct {
		what string
		do   func() error
	}{
		{"rotate the access log", func() error { return rotate(o) }},
		{"crash the collector", func() error { return crash(ctx, collector) }},
		{"restart the web server", func() error { return p.Restart("web") }},
		{"restart the collector", func() error { return p.Restart("logs") }},
	} {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pause):
		}
		log.Printf("operator: %s", task.what)
		if err := task.do(); err != nil {
			return fmt.Errorf("%s: %w", task.what, err)
		}
	}
	return nil
}

// crash waits for a run that can crash, or for the end.
func crash(ctx context.Context, collector *mortal) error {
	select {
	case collector.crash <- struct{}{}:
	case <-ctx.Done():
	}
	return nil
}

// rotate does it as logrotate does by default.
func rotate(o options) error {
	path := filepath.Join(o.dir, accessLog)
	if err := os.Rename(path, path+".1"); err != nil {
		return err
	}
	if o.nginx {
		return reopenLog(o.dir)
	}
	return nil
}
