package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"os/exec"

	"golang.org/x/sync/errgroup"

	"github.com/podpatterns/podpatterns/adapter/metrics"
	"github.com/podpatterns/podpatterns/adapter/metrics/jsonsource"
	"github.com/podpatterns/podpatterns/adapter/metrics/redis"
	"github.com/podpatterns/podpatterns/adapter/metrics/statsd"
	"github.com/podpatterns/podpatterns/pod"
)

// newPods are the pods that are watched. Only their adapters differ by what the
// main container prints.
func newPods() ([]*pod.Pod, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	pods := []*pod.Pod{
		watched("shop", &statsd.Source{Unix: statsdSocket}, self, "-main", "shop"),
		watched("orders", &jsonsource.Source{File: ordersFile, Rules: ordersRules}, self, "-main", "orders"),
	}
	if _, err := exec.LookPath("redis-server"); err != nil {
		log.Printf("no pod called cache: %v", err)
		return pods, nil
	}
	return append(pods, watched("cache", &redis.Source{Address: "unix:" + redisSocket},
		"redis-server", "--port", "0", "--unixsocket", redisSocket, "--save", "")), nil
}

// watched is a pod of a main container and the adapter that presents it.
func watched(name string, says metrics.Source, command ...string) *pod.Pod {
	exporter := &metrics.Exporter{
		Resource: metrics.NewLabels("service.name", name),
		Sources:  []metrics.Source{&metrics.Process{Container: name}, says},
	}
	return &pod.Pod{
		Name:     name,
		Observer: tell(name),
		Containers: []pod.Container{
			{Name: "metrics", Adapter: exporter, Listen: "127.0.0.1:0"},
			{Name: name, Command: command, Output: name + ".log"},
		},
	}
}

// tell prints what goes wrong.
func tell(name string) func(pod.Event) {
	return func(e pod.Event) {
		if e.Type == pod.Warning {
			log.Printf("%s: %v", name, e)
		}
	}
}

// run runs all pods until ctx is done. The monitor's ends first, and if one of them
// ends before its time all do.
func run(ctx context.Context, o options) error {
	pods, err := newPods()
	if err != nil {
		return err
	}
	all, watching := errgroup.WithContext(ctx)
	ctx, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	for _, p := range pods {
		all.Go(func() error { return p.Run(ctx) })
	}
	var targets []target
	for _, p := range pods {
		address, err := p.Address(watching, "metrics")
		if err != nil {
			stop()
			return fmt.Errorf("%s: %w", p.Name, all.Wait())
		}
		targets = append(targets, target{p.Name, "http://" + address + "/metrics"})
	}
	all.Go(func() error {
		defer stop()
		return newMonitor(o, targets).Run(watching)
	})
	return all.Wait()
}
