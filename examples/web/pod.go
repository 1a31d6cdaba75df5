package main

import (
	"time"

	"github.com/podpatterns/podpatterns/adapter/metrics"
	"github.com/podpatterns/podpatterns/ambassador/tcpproxy"
	"github.com/podpatterns/podpatterns/pod"
	"github.com/podpatterns/podpatterns/sidecar/logcollect"
)

// The files below the directory that the containers share.
const (
	site       = "site"            // what the web server serves
	page       = "hello.txt"       // in it
	accessLog  = "logs/access.log" // what it logs
	collection = "collected.log"   // what was collected of that
)

var containers = []string{"logs", "backend", "metrics", "web"}

// newPod is the pod: its main container, and a helper for each thing that is not
// the main container's business.
func newPod(o options, upstream string) (*pod.Pod, *mortal) {
	collector := &mortal{crash: make(chan struct{}), Collector: &logcollect.Collector{
		Include: []string{"logs/*.log"},
		Sink:    &logcollect.File{Path: collection},
	}}
	// The web server keeps connections to the backend for its next calls: a drain
	// must not wait for those.
	proxy := &tcpproxy.Proxy{Upstream: tcpproxy.To(upstream), DrainIdle: 5 * time.Second}
	web := pod.Container{Name: "web", Run: serveFiles, Listen: "127.0.0.1:0"}
	exporter := &metrics.Exporter{Container: "web"}
	if o.nginx {
		web = nginx
		exporter = &metrics.Exporter{Sources: []metrics.Source{nginxProcesses}}
	}
	return &pod.Pod{
		Name:         "web",
		Dir:          o.dir,
		StatusListen: o.status,
		Linger:       2 * time.Second, // the web server's drain is shorter
		Containers: []pod.Container{
			{Name: "logs", Sidecar: collector},
			{Name: "backend", Ambassador: proxy, Listen: "127.0.0.1:0"},
			{Name: "metrics", Adapter: exporter, Listen: "127.0.0.1:0"},
			web,
		},
	}, collector
}
