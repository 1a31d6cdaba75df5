package pod

import (
	"path/filepath"
	"strings"
)

func (ps *problems) command(at func(string) string, c *Container) {
	if c.Command == nil {
		if c.Env != nil {
			ps.add(at("Env"), c.Env, "only a Command has an environment of its own")
		}
		if c.Output != "" {
			ps.add(at("Output"), c.Output, "only a Command has an output")
		}
		if c.StopSignal != nil {
			ps.add(at("StopSignal"), c.StopSignal, "only a Command is sent a signal")
		}
		return
	}
	if len(c.Command) == 0 || c.Command[0] == "" {
		ps.add(at("Command"), c.Command, "names no program")
	}
	for _, s := range c.Command {
		if strings.ContainsRune(s, 0) {
			ps.add(at("Command"), s, "holds a NUL byte")
		}
	}
	for _, e := range c.Env {
		if name, _, ok := strings.Cut(e, "="); !ok || name == "" || strings.ContainsRune(e, 0) {
			ps.add(at("Env"), e, "is not NAME=VALUE")
		}
	}
	if c.Output != "" && !filepath.IsLocal(c.Output) {
		ps.add(at("Output"), c.Output, "is no path inside the pod's directory")
	}
	if c.Listen != "" && !canActivate {
		ps.add(at("Listen"), c.Listen, "a Command can't be handed a listener on this system")
	}
	if c.StopSignal != nil && !canSend(c.StopSignal) {
		ps.add(at("StopSignal"), c.StopSignal, "can't be sent on this system")
	}
}
