package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/podpatterns/podpatterns/adapter/metrics/statsd"
)

// options are the flags.
type options struct {
	listen, udp, tcp, unix string
	mode                   uint
	mapping, tags          string
	observe                statsd.Observation
	absolute               bool
	container, webConfig   string
	ttl, grace             time.Duration
	maxSeries, buffer      int
}

func parse(args []string, out io.Writer) (*options, error) {
	o := &options{}
	f := flag.NewFlagSet("statsd", flag.ContinueOnError)
	f.SetOutput(out)
	f.StringVar(&o.listen, "listen", "", "where to serve /metrics, as 127.0.0.1:9102 or unix:/path")
	f.StringVar(&o.udp, "listen-udp", "", "where to receive over UDP, as 127.0.0.1:8125")
	f.StringVar(&o.tcp, "listen-tcp", "", "where to receive over TCP")
	f.StringVar(&o.unix, "listen-unix", "", "path of a datagram socket to receive from")
	f.UintVar(&o.mode, "unix-mode", 0, "permissions of that, as 0o666; 0 is what the umask says")
	f.StringVar(&o.mapping, "mapping", "", "JSON file of the rules that make labels of names")
	f.StringVar(&o.tags, "tags", "", "styles of tags in names, with commas between: influx, signalfx, librato, graphite")
	f.TextVar(&o.observe, "observe", statsd.Histogram, "what timers, histograms and distributions become: histogram, exponential or summary")
	f.BoolVar(&o.absolute, "absolute-gauges", false, "a sign is a part of a gauge's value, as in DogStatsD")
	f.StringVar(&o.container, "container-label", "", "label that the container id becomes; empty is none")
	f.StringVar(&o.webConfig, "web-config", "", "file that asks for TLS and basic authentication")
	f.DurationVar(&o.ttl, "ttl", 0, "after how long without a sample a series ends; 0 is 1h, less is never")
	f.IntVar(&o.maxSeries, "max-series", 0, "how many series there may be; 0 is 100,000")
	f.IntVar(&o.buffer, "receive-buffer", 0, "bytes that the kernel is asked to hold; 0 is 4 MiB")
	f.DurationVar(&o.grace, "grace", 0, "for the drain; 0 is 30 s")
	if err := f.Parse(args); err != nil {
		return nil, err
	}
	switch {
	case f.NArg() > 0:
		return nil, fmt.Errorf("argument %q: there are only flags", f.Arg(0))
	case o.listen == "":
		return nil, errors.New("-listen: empty")
	case o.udp+o.tcp+o.unix == "":
		return nil, errors.New("-listen-udp, -listen-tcp, -listen-unix: all empty")
	case o.mode != 0 && o.unix == "":
		return nil, errors.New("-unix-mode: given, and -listen-unix is not")
	case o.grace < 0:
		return nil, fmt.Errorf("-grace: %v is negative", o.grace)
	}
	return o, nil
}

var styles = map[string]statsd.TagStyles{
	"influx": statsd.Influx, "signalfx": statsd.SignalFX, "librato": statsd.Librato, "graphite": statsd.Graphite,
}

func (o *options) source() (*statsd.Source, error) {
	s := &statsd.Source{
		UDP: o.udp, TCP: o.tcp, Unix: o.unix, UnixMode: os.FileMode(o.mode), ReceiveBuffer: o.buffer,
		Observer: statsd.Observer{Kind: o.observe}, AbsoluteGauges: o.absolute, ContainerLabel: o.container,
		TTL: o.ttl, MaxSeries: o.maxSeries,
	}
	for name := range strings.SplitSeq(o.tags, ",") {
		style, ok := styles[name]
		if !ok && o.tags != "" {
			return nil, fmt.Errorf("-tags: %q is none of influx, signalfx, librato and graphite", name)
		}
		s.TagStyles |= style
	}
	if o.mapping != "" {
		text, err := os.ReadFile(o.mapping)
		if err != nil {
			return nil, fmt.Errorf("-mapping: %w", err)
		}
		if s.Rules, err = readMapping(text); err != nil {
			return nil, fmt.Errorf("-mapping: %s: %w", o.mapping, err)
		}
	}
	return s, s.Validate()
}

// A duration is written as "10m".
type duration time.Duration

func (d *duration) UnmarshalText(text []byte) error {
	v, err := time.ParseDuration(string(text))
	*d = duration(v)
	return err
}

// readMapping reads the rules of a file, and nothing that is none.
func readMapping(text []byte) (rules []statsd.Rule, err error) {
	var file struct {
		Rules []struct {
			statsd.Rule
			Observer *struct {
				statsd.Observer
				Window duration
			}
			TTL duration
		}
	}
	d := json.NewDecoder(strings.NewReader(string(text)))
	d.DisallowUnknownFields()
	if err := d.Decode(&file); err != nil {
		return nil, err
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, errors.New("more than one value")
	}
	for _, r := range file.Rules {
		r.Rule.TTL = time.Duration(r.TTL)
		if o := r.Observer; o != nil {
			o.Observer.Window = time.Duration(o.Window)
			r.Rule.Observer = &o.Observer
		}
		rules = append(rules, r.Rule)
	}
	return rules, nil
}
