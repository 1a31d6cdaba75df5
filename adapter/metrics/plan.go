package metrics

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"time"
)

// A plan is what the fields of an Exporter come to.
type plan struct {
	sources []namedSource
	formats []served
	web     *web // nil without a WebConfig
}

type namedSource struct {
	name   string
	source Source
}

// plan checks the fields.
func (e *Exporter) plan(ctx context.Context, l net.Listener) (p plan, err error) {
	var wrong faults
	if l == nil {
		wrong.add("listener", "nil, and the exporter serves on one: give the container a Listen")
	}
	p.sources = e.sources(&wrong)
	for i, f := range e.Formats {
		field := fmt.Sprintf("Formats[%d]", i)
		if f == nil {
			wrong.add(field, "nil")
			continue
		}
		s, err := serve(f)
		if err != nil {
			wrong.add(field, "content type %q: %w", f.ContentType(), err)
		}
		p.formats = append(p.formats, s)
	}
	for _, f := range []Format{OpenMetrics, JSON, Text} { // Text last: it is what is served to those who want none
		s, _ := serve(f)
		p.formats = append(p.formats, s)
	}
	if e.WebConfig != "" {
		if p.web, err = loadWeb(ctx, e.WebConfig); err != nil {
			wrong.add("WebConfig", "%w", err)
		}
	}
	return p, wrong.err()
}

func (e *Exporter) sources(wrong *faults) []namedSource {
	for _, f := range [...]struct {
		field    string
		negative bool
		value    any
	}{
		{"Timeout", e.Timeout < 0, e.Timeout},
		{"MaxPoints", e.MaxPoints < 0, e.MaxPoints},
		{"MaxBytes", e.MaxBytes < 0, e.MaxBytes},
	} {
		if f.negative {
			wrong.add(f.field, "%v is negative", f.value)
		}
	}
	if len(e.Sources) == 0 {
		return defaultSources(e.Container)
	}
	if e.Container != "" {
		wrong.add("Container", "%q has no meaning where Sources are given: name it in them", e.Container)
	}
	var all []namedSource
	first := map[string]int{}
	for i, s := range e.Sources {
		field := fmt.Sprintf("Sources[%d]", i)
		name, err := sourceName(s)
		if err != nil {
			wrong.add(field, "%w", err)
			continue
		}
		if j, taken := first[name]; taken {
			wrong.add(field, "the name %q is that of Sources[%d] too: give one another in a metrics.Named", name, j)
			continue
		}
		first[name] = i
		all = append(all, namedSource{name, s})
	}
	return all
}

func (e *Exporter) timeout() time.Duration { return cmp.Or(e.Timeout, DefaultTimeout) }

func (e *Exporter) limits() limits {
	return limits{cmp.Or(e.MaxPoints, DefaultMaxPoints), cmp.Or(e.MaxBytes, DefaultMaxBytes)}
}
