package tcpproxy

import (
	"errors"
	"fmt"
	"strings"
)

// route returns the upstream for the server name that a TLS client asks for, and
// nil if there is none.
func (p *Proxy) route(name string) Upstream {
	name = strings.ToLower(name)
	if u, ok := p.Routes[name]; ok {
		return u
	}
	for rest := name; rest != ""; { // the longest first
		_, rest, _ = strings.Cut(rest, ".")
		if u, ok := p.Routes["*."+rest]; ok && rest != "" {
			return u
		}
	}
	return p.Upstream
}

// checkName returns what is wrong with a name of Routes.
func checkName(name string) error {
	host := strings.TrimPrefix(name, "*.")
	switch {
	case name == "":
		return errors.New("is empty; what names no server goes to Upstream")
	case strings.Contains(host, "*"):
		return errors.New("has a * that is not its whole first label")
	case host == "" || strings.HasPrefix(host, ".") || strings.HasSuffix(host, ".") || strings.Contains(host, ".."):
		return errors.New("has an empty label")
	}
	for _, c := range host {
		if !strings.ContainsRune("abcdefghijklmnopqrstuvwxyz0123456789-_.", c) {
			return fmt.Errorf("has %q, which no server name in lower case has", c)
		}
	}
	return nil
}
