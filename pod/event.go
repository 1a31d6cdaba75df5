package pod

import (
	"context"
	"fmt"
	"log/slog"
	"time"
)

// The types of an Event.
const (
	Normal  = "Normal"
	Warning = "Warning"
)

// The reasons of events: those of Kubernetes (K38) and, for each end of a run,
// the reason of the terminated state (K34).
const (
	ReasonStarted             = "Started"
	ReasonReady               = "Ready"     // a container that was not has become ready
	ReasonUnhealthy           = "Unhealthy" // a probe, or a block's Ready, has failed
	ReasonKilling             = "Killing"   // told to stop
	ReasonLingering           = "Lingering" // a helper that runs alone was told to stop, and waits for the mains
	ReasonExceededGracePeriod = "ExceededGracePeriod"
	ReasonFailedPostStartHook = "FailedPostStartHook"
	ReasonFailedPreStopHook   = "FailedPreStopHook"
	ReasonBackOff             = "BackOff"
	ReasonFailed              = "Failed"            // could not be started
	ReasonCompleted           = "Completed"         // exit code 0
	ReasonError               = "Error"             // another exit code
	ReasonGoexit              = "Goexit"            // runtime.Goexit ended the run
	ReasonAbandoned           = "Abandoned"         // it did not return in time and still runs
	ReasonRunContainerError   = "RunContainerError" // the run could not begin
)

// An Event is something that happened to a pod or one of its containers.
type Event struct {
	Time      time.Time `json:"time"`                // when the pod saw it
	Type      string    `json:"type"`                // Normal or Warning
	Reason    string    `json:"reason"`              // one of the Reason constants
	Container string    `json:"container,omitempty"` // empty for the pod's own
	Run       int       `json:"run,omitempty"`       // which run of the container, from 1
	Message   string    `json:"message,omitempty"`   // for people; its words may change
}

// String is the event in a line, without its time.
func (e Event) String() string {
	who := e.Container
	if who == "" {
		who = "pod"
	}
	s := fmt.Sprintf("%s %s", who, e.Reason)
	if e.Message != "" {
		s += ": " + e.Message
	}
	return s
}

// logEvents is the observer of a pod that has none.
func logEvents(l *slog.Logger) func(Event) {
	return func(e Event) {
		level := slog.LevelInfo
		if e.Type == Warning {
			level = slog.LevelWarn
		}
		args := []any{"reason", e.Reason}
		if e.Container != "" {
			args = append(args, "container", e.Container, "run", e.Run)
		}
		l.Log(context.Background(), level, e.Message, args...)
	}
}
