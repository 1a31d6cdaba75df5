package main

import (
	"log"
	"os"

	"github.com/podpatterns/podpatterns/pod"
)

// tellEvents shows the pod's events, and where its containers listen.
func tellEvents(p *pod.Pod) func(pod.Event) {
	show := pod.Console(os.Stdout)
	return func(e pod.Event) {
		show(e)
		if a := address(p, e.Container); a != "" && e.Reason == pod.ReasonStarted {
			log.Printf("%s listens on %s", e.Container, a)
		}
	}
}

func address(p *pod.Pod, container string) string {
	for _, c := range p.Status().Containers {
		if c.Name == container {
			return c.Address
		}
	}
	return ""
}
