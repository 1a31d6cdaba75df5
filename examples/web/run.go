package main

import (
	"context"
	"errors"
	"log"
	"os"
	"path/filepath"
	"sync"

	"github.com/podpatterns/podpatterns/pod"
	"github.com/podpatterns/podpatterns/pod/sandbox"
)

// runAll runs the whole pod in the world that is outside of it.
func runAll(stop, kill context.Context, o options) (c counts, err error) {
	if o.dir == "" {
		if o.dir, err = os.MkdirTemp("", "web-"); err != nil {
			return c, err
		}
		log.Printf("the containers share %s, which is removed at the end", o.dir)
		defer func() { err = errors.Join(err, os.RemoveAll(o.dir)) }()
	} else {
		log.Printf("the containers share %s, which is kept, with what was logged and collected", o.dir)
	}
	release, err := prepare(o)
	if err != nil {
		return c, err
	}
	defer release()
	b, err := startBackend()
	if err != nil {
		return c, err
	}
	defer b.close()

	p, collector := newPod(o, b.address)
	tell := tellEvents(p)
	begun := make(chan struct{})
	begin := sync.OnceFunc(func() { close(begun) })
	p.Observer = func(e pod.Event) {
		tell(e)
		if e.Container == "web" {
			begin()
		}
	}
	running, stopPod := context.WithCancel(killable(context.Background(), kill))
	defer stopPod()
	ended := make(chan error, 1)
	go func() { ended <- p.Run(running) }()
	select {
	case <-begun:
		c.served, err = outside(stop, kill, p, collector, o)
	case <-stop.Done():
	case err := <-ended:
		return c, err
	}
	stopPod()
	err = errors.Join(err, <-ended)
	log.Printf("the pod has ended; the backend was called %d times\n%v", b.calls.Load(), p.Status())
	var countErr error
	c.logged, c.collected, countErr = count(o.dir)
	return c, errors.Join(err, countErr, c.check())
}

// runOne runs one container of the pod, whose others run elsewhere.
func runOne(stop, kill context.Context, o options) error {
	upstream := ""
	switch o.container {
	case "web":
		release, err := prepare(o)
		if err != nil {
			return err
		}
		defer release()
	case "backend":
		b, err := startBackend()
		if err != nil {
			return err
		}
		defer b.close()
		upstream = b.address
	}
	p, _ := newPod(o, upstream)
	p.Observer = tellEvents(p)
	err := p.RunContainer(killable(stop, kill), o.container)
	log.Printf("the container has ended\n%v", p.Status())
	return err
}

// killable makes kill the end of all grace. A pod in a container of another pod
// heeds the outer one's kill; here the world plays the outer pod.
func killable(ctx, kill context.Context) context.Context {
	return (&sandbox.Sandbox{Killed: kill}).Context(ctx)
}

// prepare makes what the web server finds.
func prepare(o options) (release func(), err error) {
	for _, sub := range []string{site, filepath.Dir(accessLog)} {
		if err := os.MkdirAll(filepath.Join(o.dir, sub), 0o755); err != nil {
			return nil, err
		}
	}
	if err := os.WriteFile(filepath.Join(o.dir, site, page), []byte("Hello from the pod.\n"), 0o644); err != nil {
		return nil, err
	}
	if o.nginx {
		return guard(o.dir)
	}
	return func() {}, nil
}
