package main

import (
	"log"

	"github.com/podpatterns/podpatterns/pod"
)

func tellEvents(p *pod.Pod) func(pod.Event) {
	return func(e pod.Event) {
		log.Print(e)
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
