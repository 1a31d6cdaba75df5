package main

import (
	"context"
	"log"
	"sync"
	"time"

	"github.com/podpatterns/podpatterns/pod"
)

// outside is the world around the pod until stop. The clients end first, so that
// each request that the pod has seen is one that they know of.
func outside(stop, kill context.Context, p *pod.Pod, collector *mortal, o options) (served int64, err error) {
	answered := make(chan struct{})
	c := &clients{url: "http://" + address(p, "web") + "/" + page, first: sync.OnceFunc(func() { close(answered) })}
	var world sync.WaitGroup
	for range 4 {
		world.Go(func() { c.request(stop, kill) })
	}
	world.Go(func() {
		select {
		case <-answered:
			err = operate(stop, p, collector, o)
		case <-stop.Done():
		}
	})
	world.Go(func() {
		url := "http://" + address(p, "metrics") + "/metrics"
		eachSecond(stop, func() {
			log.Printf("clients: %d requests served; collector: %d lines collected", c.served.Load(), collector.Stats().Lines)
			monitor(stop, url)
		})
	})
	world.Wait()
	log.Printf("clients: ended after %d requests that were served and %d that had no whole answer", c.served.Load(), c.unanswered.Load())
	return c.served.Load(), err
}

func eachSecond(ctx context.Context, do func()) {
	second := time.NewTicker(time.Second)
	defer second.Stop()
	for {
		select {
		case <-second.C:
			do()
		case <-ctx.Done():
			return
		}
	}
}
