package pod

import (
	"context"
	"fmt"
	"net/http"
	"strings"
)

// A check is a yes or no of a health endpoint.
type check struct {
	name    string
	problem string // in a line; empty: none
}

// liveChecks say whether this process can still do what the pod is for.
func (p *Pod) liveChecks(ctx context.Context) []check {
	supervisor := check{name: "supervisor"}
	p.mu.Lock()
	running := p.running
	p.mu.Unlock()
	if !running {
		supervisor.problem = "the pod does not run"
	} else if _, err := p.ask(ctx, func(*run) string { return "" }); err != nil {
		supervisor.problem = err.Error()
	}
	checks := []check{supervisor}
	for _, c := range p.Status().Containers {
		checks = append(checks, check{c.Name, hangs(c)})
	}
	return checks
}

func hangs(c ContainerStatus) string {
	if c.Hanging == nil {
		return ""
	}
	return "did not stop in time, and has not returned yet"
}

// readyChecks are the Ready condition, container by container. Init containers count
// until all have completed; one that is run again by hand does not take the pod's
// readiness away (K37).
func readyChecks(s Status) []check {
	initialized := false
	for _, c := range s.Conditions {
		initialized = initialized || c.Type == "Initialized" && c.Status == "True"
	}
	checks := make([]check, len(s.Containers))
	for i, c := range s.Containers {
		checks[i].name = c.Name
		if !c.Ready && !(c.Kind == KindInit && initialized) {
			checks[i].problem = whyNotReady(c)
		}
	}
	return checks
}

func whyNotReady(c ContainerStatus) string {
	if h := hangs(c); h != "" {
		return h
	}
	if w := c.State.Waiting; w != nil {
		return line("waiting: "+w.Reason, w.Message)
	}
	if t := c.State.Terminated; t != nil {
		return line(fmt.Sprintf("terminated: %s (exit code %d)", t.Reason, t.ExitCode), t.Message)
	}
	for _, p := range c.Probes {
		if p.Type != "Liveness" && p.Result != "Success" {
			return line(strings.ToLower(p.Type)+" probe: "+p.Result, p.LastError)
		}
	}
	if !c.Started {
		return "has not passed its start gate"
	}
	return "not ready"
}

// line is what, and of why the first line.
func line(what, why string) string {
	if why, _, _ = strings.Cut(why, "\n"); why != "" {
		what += ": " + why
	}
	return what
}

// answerChecks answers in kube-apiserver's form, which says of what fails why.
func answerChecks(w http.ResponseWriter, r *http.Request, endpoint string, checks []check) {
	var list strings.Builder
	code, verdict := http.StatusOK, "passed"
	for _, c := range checks {
		if c.problem == "" {
			fmt.Fprintf(&list, "[+]%s ok\n", c.name)
		} else {
			fmt.Fprintf(&list, "[-]%s failed: %s\n", c.name, c.problem)
			code, verdict = http.StatusServiceUnavailable, "failed"
		}
	}
	if code == http.StatusOK && !r.URL.Query().Has("verbose") {
		answerText(w, code, "ok")
		return
	}
	fmt.Fprintf(&list, "%s check %s\n", endpoint, verdict)
	answerText(w, code, list.String())
}
