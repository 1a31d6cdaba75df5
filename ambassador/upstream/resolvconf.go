package upstream

import (
	"net"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// A resolvConf is what is read of resolv.conf(5).
type resolvConf struct {
	servers  []string // host:port
	search   []string // without a dot at the end
	ndots    int
	timeout  time.Duration
	attempts int
	rotate   bool
	tcp      bool
}

// parseResolvConf passes over what it does not know, as the C library does.
func parseResolvConf(text string) resolvConf {
	c := resolvConf{ndots: 1, timeout: 5 * time.Second, attempts: 2}
	for line := range strings.Lines(text) {
		if i := strings.IndexAny(line, "#;"); i >= 0 {
			line = line[:i]
		}
		words := strings.Fields(line)
		if len(words) < 2 {
			continue
		}
		switch words[0] {
		case "nameserver":
			if ip, err := netip.ParseAddr(words[1]); err == nil && len(c.servers) < 3 {
				c.servers = append(c.servers, net.JoinHostPort(ip.String(), "53"))
			}
		case "domain":
			c.search = domains(words[1:2])
		case "search":
			c.search = domains(words[1:])
		case "options":
			for _, o := range words[1:] {
				c.option(o)
			}
		}
	}
	if len(c.servers) == 0 {
		c.servers = []string{"127.0.0.1:53"}
	}
	return c
}

func domains(words []string) (all []string) {
	for _, w := range words {
		if d := strings.TrimSuffix(w, "."); d != "" && len(all) < 32 {
			all = append(all, d)
		}
	}
	return all
}

func (c *resolvConf) option(o string) {
	name, value, _ := strings.Cut(o, ":")
	n, err := strconv.Atoi(value)
	switch {
	case name == "rotate":
		c.rotate = true
	case name == "use-vc" || name == "usevc" || name == "tcp":
		c.tcp = true
	case err != nil || n < 0:
	case name == "ndots":
		c.ndots = min(n, 15)
	case name == "timeout":
		c.timeout = time.Duration(min(max(n, 1), 30)) * time.Second
	case name == "attempts":
		c.attempts = min(max(n, 1), 5)
	}
}

// names are the full names to ask for, in order, until one exists.
func (c *resolvConf) names(name string) []string {
	if strings.HasSuffix(name, ".") {
		return []string{name}
	}
	searched := make([]string, 0, len(c.search)+1)
	for _, d := range c.search {
		searched = append(searched, name+"."+d+".")
	}
	if strings.Count(name, ".") >= c.ndots {
		return append([]string{name + "."}, searched...)
	}
	return append(searched, name+".")
}
