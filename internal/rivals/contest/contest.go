//go:build linux

package contest

import (
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"time"
)

// A Contest is proxies, and what is done with each of them.
type Contest struct {
	Contenders []Contender
	Scenarios  []Scenario
	Rows       []Row

	// Roles are what this program does as a process of a measurement, by name. One
	// of them is "backend", which is behind every proxy.
	Roles map[string]func(listen, backend string) error

	// OpenIdle opens n connections through a proxy on which then nothing is said.
	OpenIdle func(addr string, n int) ([]net.Conn, error)

	// Modules are the ends of the paths of those that the versions are told of.
	Modules []string

	// Missing tells of programs that are not there, besides contenders.
	Missing []string

	// Note says in the line below the table what the names do not.
	Note string
}

// A Contender is a proxy that can be started as a process of its own. The one that
// is Direct has no Command.
type Contender struct {
	Name    string
	Program string // has to be installed; "" is this one
	Needs   string // a file that has to be there besides; "": none
	Version []string
	Command func(dir, listen, backend, scenario string) ([]string, error)
	Hungry  bool     // holds a pipe of two descriptors for each direction besides
	Not     []string // scenarios that it has no part in
}

// A Scenario is a row's worth of figures.
type Scenario struct {
	Name     string
	Load     Load
	Idle     int // connections that are open meanwhile, and idle
	AsNobody bool
}

// A Load is one kind of traffic. Its result are figures by their names, of which "n"
// is how many units there were.
type Load func(addr string, d time.Duration) (map[string]float64, error)

// Ourselves is the Command of a role.
func Ourselves(role string) func(dir, listen, backend, scenario string) ([]string, error) {
	return func(dir, listen, backend, _ string) ([]string, error) {
		return []string{program(dir), role, listen, backend}, nil
	}
}

// Child is what this program does as one of the processes of a measurement. It
// returns false if it is to be none.
func (c *Contest) Child(args []string) bool {
	if len(args) < 3 || c.Roles[args[0]] == nil {
		return false
	}
	RaiseLimit()
	go countMallocs()
	if err := c.Roles[args[0]](args[1], args[2]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	return true
}

// Find returns the contenders that are installed, of only where that is not empty,
// and what is missing.
func (c *Contest) Find(only []string) (all []Contender, missing []string) {
	for _, one := range c.Contenders {
		if len(only) > 0 && one.Name != Direct && !slices.Contains(only, one.Name) {
			continue
		}
		if !one.installed() {
			missing = append(missing, one.Name)
			continue
		}
		all = append(all, one)
	}
	return all, append(missing, c.Missing...)
}

func (c Contender) installed() bool {
	if c.Program != "" {
		if _, err := exec.LookPath(c.Program); err != nil {
			return false
		}
	}
	if c.Needs != "" {
		if _, err := os.Stat(c.Needs); err != nil {
			return false
		}
	}
	return true
}

// Write writes the table in Markdown, and what was measured below it.
func (c *Contest) Write(w io.Writer, r *Results) {
	var names []string
	for _, one := range r.All {
		names = append(names, one.Name)
	}
	r.Figures.Write(w, names, c.Rows)
	fmt.Fprintf(w, "\n%d rounds of %v each, medians; ratios to no proxy. Up to %d idle ones, as descriptors allow. %s%s, %s/%s, %d CPUs for client, proxy and backend; %s.\n",
		r.Plan.Rounds, r.Plan.Each, r.idle, c.Note, runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), strings.Join(c.versions(r.All), "; "))
}

// versions says what was measured.
func (c *Contest) versions(all []Contender) (list []string) {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, m := range info.Deps {
			if slices.ContainsFunc(c.Modules, func(end string) bool { return strings.HasSuffix(m.Path, end) }) {
				list = append(list, m.Path+" "+m.Version)
			}
		}
	}
	for _, one := range all {
		if len(one.Version) == 0 {
			continue
		}
		out, _ := exec.Command(one.Program, one.Version...).CombinedOutput()
		first, _, _ := strings.Cut(string(out), "\n")
		if first != "" && !strings.Contains(strings.ToLower(first), strings.ToLower(one.Name)) {
			first = one.Name + " " + first
		}
		list = append(list, first)
	}
	return list
}
