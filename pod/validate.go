package pod

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/go-multierror"
)

// isLabel says whether name is a DNS-1123 label, as Kubernetes takes it for a
// container's name.
func isLabel(name string) bool {
	ours := func(c rune) bool { return 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '-' }
	return name != "" && len(name) <= 63 && strings.Trim(name, "-") == name &&
		strings.IndexFunc(name, func(c rune) bool { return !ours(c) }) < 0
}

// A FieldError is one bad field of a Pod. Run returns all of them together, in
// one multierror, before anything starts.
type FieldError struct {
	Field string // for example Containers[2].Listen
	Value string // what it holds
	Err   error  // what is wrong with it
}

func (e *FieldError) Error() string {
	return fmt.Sprintf("%s: %s: %v", e.Field, strconv.Quote(e.Value), e.Err)
}

// Unwrap returns what is wrong with the field.
func (e *FieldError) Unwrap() error { return e.Err }

// problems collects the bad fields of a Pod.
type problems struct{ *multierror.Error }

func (ps *problems) add(field string, value any, format string, args ...any) {
	err := &FieldError{Field: field, Value: fmt.Sprint(value), Err: fmt.Errorf(format, args...)}
	ps.Error = multierror.Append(ps.Error, err)
}

// about says whether something is wrong with the field already.
func (ps *problems) about(field string) bool {
	return slices.ContainsFunc(ps.WrappedErrors(), func(err error) bool {
		fe, ok := err.(*FieldError)
		return ok && fe.Field == field
	})
}

// validate looks at everything that can be judged without the machine.
func (p *Pod) validate() *problems {
	ps := &problems{}
	if p.Name != "" && !isLabel(p.Name) {
		ps.add("Name", p.Name, "is no DNS-1123 label (lower case letters, digits and '-', at most 63)")
	}
	ps.policy("RestartPolicy", p.RestartPolicy)
	ps.duration("TerminationGracePeriod", p.TerminationGracePeriod)
	ps.duration("HoldTimeout", p.HoldTimeout)
	ps.duration("ActiveDeadline", p.ActiveDeadline)

	mains := 0
	names := make(map[string]int, len(p.Containers))
	taken := map[string][]place{} // by port or path
	for i := range p.Containers {
		c := &p.Containers[i]
		at := func(field string) string { return fmt.Sprintf("Containers[%d].%s", i, field) }
		switch first, dup := names[c.Name]; {
		case c.Name == "":
			ps.add(at("Name"), c.Name, "a container needs a name")
		case !isLabel(c.Name):
			ps.add(at("Name"), c.Name, "is no DNS-1123 label (lower case letters, digits and '-', at most 63)")
		case dup:
			ps.add(at("Name"), c.Name, "is the name of Containers[%d] already", first)
		default:
			names[c.Name] = i
		}
		if c.kind() == KindMain {
			mains++
		}
		ps.implementation(at, c)
		ps.listen(at, c, i, taken)
		ps.command(at, c)
		ps.probes(at, c)
		if c.RestartPolicy != "" {
			ps.policy(at("RestartPolicy"), c.RestartPolicy)
		}
		if c.block() != nil && c.RestartPolicy != "" {
			ps.add(at("RestartPolicy"), c.RestartPolicy, "a helper is always started again and has no policy of its own (K2)")
		}
	}
	if p.StatusListen != "" {
		ps.address("StatusListen", p.StatusListen, -1, taken)
	}
	if mains == 0 {
		ps.add("Containers", len(p.Containers), "no main container (one with Run or Command, without Init)")
	}
	return ps
}

func (ps *problems) policy(field string, policy RestartPolicy) {
	if !slices.Contains([]RestartPolicy{"", Always, OnFailure, Never}, policy) {
		ps.add(field, policy, "is none of Always, OnFailure and Never")
	}
}

func (ps *problems) duration(field string, d time.Duration) {
	if d < 0 {
		ps.add(field, d, "must not be negative")
	}
}

// implementation checks that c is exactly one thing.
func (ps *problems) implementation(at func(string) string, c *Container) {
	var set []string
	for _, f := range []struct {
		name  string
		value any
	}{{"Sidecar", c.Sidecar}, {"Ambassador", c.Ambassador}, {"Adapter", c.Adapter}, {"Run", c.Run}, {"Command", c.Command}} {
		if f.value == nil {
			continue
		}
		if isNil(f.value) {
			if f.name != "Run" && f.name != "Command" {
				ps.add(at(f.name), f.value, "is a nil %T", f.value)
				set = append(set, f.name)
			}
			continue
		}
		set = append(set, f.name)
	}
	switch {
	case len(set) == 0:
		ps.add(at("Name"), c.Name, "none of Sidecar, Ambassador, Adapter, Run and Command is set")
	case len(set) > 1:
		ps.add(at("Name"), c.Name, "only one of %s may be set", strings.Join(set, ", "))
	case c.Init && c.block() != nil:
		ps.add(at("Init"), c.Init, "a helper (%s) can't be an init container", set[0])
	}
}

func (ps *problems) listen(at func(string) string, c *Container, i int, taken map[string][]place) {
	if c.Listen == "" {
		if c.Ambassador != nil {
			ps.add(at("Listen"), c.Listen, "an Ambassador needs an address to listen on")
		}
		return
	}
	if c.Sidecar != nil {
		ps.add(at("Listen"), c.Listen, "a Sidecar does not listen; what serves a network port is an Ambassador or an Adapter")
	}
	ps.address(at("Listen"), c.Listen, i, taken)
}

// address checks what a field listens on, against what others do.
func (ps *problems) address(field, listen string, i int, taken map[string][]place) {
	network, address, err := splitListen(listen)
	if err != nil {
		ps.add(field, listen, "%w", err)
		return
	}
	where := place{network: network, path: address}
	if network == "tcp" {
		if where = placeOf(address); where.port == "0" {
			return
		}
	}
	key := where.port + where.path
	for _, other := range taken[key] {
		if where.meets(other) {
			ps.add(field, listen, "is the address of Containers[%d] already", other.container)
			return
		}
	}
	where.container = i
	taken[key] = append(taken[key], where)
}
