package pod

import (
	"strings"
	"time"

	"github.com/podpatterns/podpatterns/pod/internal/web"
)

// metrics is the status for Prometheus. What is of one run, as probe counts, falls
// to 0 with the next, which Prometheus takes for the restart it is.
func metrics(s Status, events web.StreamStats) string {
	var e web.Exposition
	e.Family("pod_info", web.Gauge, "The pod; always 1.")
	e.Sample(1, "name", s.Name)
	e.Family("pod_phase", web.Gauge, "Where the pod is in its life: 1 for the phase that it is in.")
	e.OneOf("phase", string(s.Phase), []string{string(Pending), string(Running), string(Succeeded), string(Failed)})
	e.Family("pod_condition", web.Gauge, "Whether the condition is true.")
	for _, c := range s.Conditions {
		e.Bool(c.Status == "True", "condition", c.Type)
	}
	e.Family("pod_start_time_seconds", web.Gauge, "When the pod was started, as Unix time.")
	if !s.StartTime.IsZero() {
		e.Sample(float64(s.StartTime.UnixMilli()) / 1000)
	}
	containerMetrics(&e, s.Containers)
	probeMetrics(&e, s.Containers)
	e.Family("pod_events_total", web.Counter, "Events of the pod, over all its runs.")
	e.Sample(float64(events.Published))
	e.Family("pod_events_dropped_total", web.Counter, "Events that the observer did not get, because it was too slow or panicked.")
	e.Sample(float64(s.EventsDropped))
	e.Family("pod_event_streams", web.Gauge, "Event streams that are open.")
	e.Sample(float64(events.Readers))
	e.Family("pod_event_streams_dropped_total", web.Counter, "Event streams that were ended because their reader was too slow, or refused because too many were open.")
	e.Sample(float64(events.Dropped))
	return e.String()
}

func containerMetrics(e *web.Exposition, containers []ContainerStatus) {
	family := func(name, kind, help string, sample func(c ContainerStatus, labels ...string)) {
		e.Family("pod_container_"+name, kind, help)
		for _, c := range containers {
			sample(c, "container", c.Name)
		}
	}
	family("info", web.Gauge, "The container and what it is to its pod; always 1.", func(c ContainerStatus, labels ...string) {
		e.Sample(1, append(labels, "kind", string(c.Kind))...)
	})
	family("state", web.Gauge, "What the container is: 1 for its state.", func(c ContainerStatus, labels ...string) {
		e.OneOf("state", c.State.name(), []string{"waiting", "running", "terminated"}, labels...)
	})
	family("waiting_reason", web.Gauge, "Why a container waits to be started; always 1.", func(c ContainerStatus, labels ...string) {
		if w := c.State.Waiting; w != nil {
			e.Sample(1, append(labels, "reason", w.Reason)...)
		}
	})
	family("last_terminated_exit_code", web.Gauge, "The exit code of the last run that has ended.", func(c ContainerStatus, labels ...string) {
		for _, state := range []State{c.State, c.LastState} {
			if t := state.Terminated; t != nil {
				e.Sample(float64(t.ExitCode), append(labels, "reason", t.Reason)...)
				return
			}
		}
	})
	family("ready", web.Gauge, "Whether the container is ready.", func(c ContainerStatus, labels ...string) { e.Bool(c.Ready, labels...) })
	family("started", web.Gauge, "Whether the container's run has passed its start gate.", func(c ContainerStatus, labels ...string) { e.Bool(c.Started, labels...) })
	family("hanging", web.Gauge, "Whether the container was given up and has not returned yet.", func(c ContainerStatus, labels ...string) { e.Bool(c.Hanging != nil, labels...) })
	family("restarts_total", web.Counter, "Restarts of the container.", func(c ContainerStatus, labels ...string) { e.Sample(float64(c.RestartCount), labels...) })
	family("start_duration_seconds", web.Gauge, "From the start of the container's run until it passed its gate.", func(c ContainerStatus, labels ...string) {
		seconds(e, c.StartDuration, labels)
	})
	family("stop_duration_seconds", web.Gauge, "From the container's last stop until its run had ended.", func(c ContainerStatus, labels ...string) {
		seconds(e, c.StopDuration, labels)
	})
}

func probeMetrics(e *web.Exposition, containers []ContainerStatus) {
	family := func(name, kind, help string, sample func(p ProbeStatus, labels ...string)) {
		e.Family("pod_container_probe"+name, kind, help)
		for _, c := range containers {
			for _, p := range c.Probes {
				sample(p, "container", c.Name, "probe", strings.ToLower(p.Type))
			}
		}
	}
	family("_result", web.Gauge, "What the probe has found of the run, after its thresholds: 1 for the result.", func(p ProbeStatus, labels ...string) {
		e.OneOf("result", strings.ToLower(p.Result), []string{"success", "failure", "unknown"}, labels...)
	})
	family("s_total", web.Counter, "Single probes of the run, by their result.", func(p ProbeStatus, labels ...string) {
		e.Sample(float64(p.Successes), append(labels, "result", "success")...)
		e.Sample(float64(p.Failures), append(labels, "result", "failure")...)
	})
	family("_duration_seconds", web.Gauge, "How long the last probe took.", func(p ProbeStatus, labels ...string) {
		seconds(e, p.LastDuration, labels)
	})
}

// seconds writes a duration, unless there was none yet.
func seconds(e *web.Exposition, d time.Duration, labels []string) {
	if d != 0 {
		e.Sample(d.Seconds(), labels...)
	}
}

// name is the state in a word.
func (s State) name() string {
	switch {
	case s.Running != nil:
		return "running"
	case s.Terminated != nil:
		return "terminated"
	default:
		return "waiting"
	}
}
