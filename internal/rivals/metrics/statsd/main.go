//go:build linux

// Command statsd measures receivers of StatsD beside each other, each in a process
// of its own, and prints a table in Markdown: medians of interleaved rounds.
//
//	go run ./metrics/statsd
//
// "bare" reads datagrams one by one into one buffer and counts them, which is the
// least that a receiver in Go can do; "bare 4 MiB" has a receive buffer of that
// size. statsd_exporter is built from its module, collectd is taken where it is
// installed. CPU time is that of the receiver's process, of all its threads, in
// nanoseconds; what is lost is what the kernel says to have dropped.
package main

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"
)

func main() {
	if len(os.Args) > 1 && child(os.Args[1:]) {
		return
	}
	rounds := flag.Int("rounds", 3, "how many")
	each := flag.Duration("each", 2*time.Second, "how long each load lasts")
	only := flag.String("only", "", "names of receivers, with commas between; empty is all")
	flag.Parse()
	r, err := measure(*rounds, *each, *only)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	r.write(os.Stdout)
}

// A scenario is a row.
type scenario struct {
	title   string
	samples int // in a packet
	tags    string
	run     func(at string, port int, pid int, s scenario, each time.Duration) (float64, error)
	format  string
}

const tags = "|#env:prod,code:200,region:eu-west-1"

var scenarios = []scenario{
	{"CPU s per million samples, 20 a packet, 5,000 packets/s", 20, "", cpu, "%.2f"},
	{"the same, with three tags", 20, tags, cpu, "%.2f"},
	{"CPU s per million samples, 1 a packet, 5,000 packets/s", 1, "", cpu, "%.2f"},
	{"the same, with three tags", 1, tags, cpu, "%.2f"},
	{"packets/s without loss, 1 a packet", 1, "", lossless, "%.0f"},
	{"packets/s without loss, 20 a packet, tags", 20, tags, lossless, "%.0f"},
	{"packets/s kept of a flood, 20 a packet, tags", 20, tags, flood, "%.0f"},
}

type results struct {
	all     []contender
	figures map[string][]float64 // by contender and row
	rounds  int
}

func (r *results) write(out *os.File) {
	fmt.Fprint(out, "| |")
	for _, c := range r.all {
		fmt.Fprintf(out, " %s |", c.name)
	}
	fmt.Fprintf(out, "\n|---%s|\n", strings.Repeat("|---", len(r.all)))
	for i, s := range scenarios {
		fmt.Fprintf(out, "| %s |", s.title)
		for _, c := range r.all {
			if list := slices.Sorted(slices.Values(r.figures[key(c, i)])); len(list) > 0 {
				fmt.Fprintf(out, " "+s.format+" |", list[len(list)/2])
			} else {
				fmt.Fprint(out, " |")
			}
		}
		fmt.Fprintln(out)
	}
	fmt.Fprintf(out, "\nMedians of %d rounds.\n", r.rounds)
}

func key(c contender, row int) string { return fmt.Sprint(c.name, " ", row) }

// measure has each contender do each scenario in turn, and again.
func measure(rounds int, each time.Duration, only string) (*results, error) {
	dir, err := os.MkdirTemp("", "statsd")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	all, err := contenders(dir, only)
	if err != nil {
		return nil, err
	}
	r := &results{all: all, figures: map[string][]float64{}, rounds: rounds}
	for round := range rounds {
		for i, s := range scenarios {
			for _, c := range all {
				if strings.HasPrefix(c.name, "collectd") && s.tags != "" {
					continue
				}
				v, err := c.measure(s, each)
				if err != nil {
					return nil, fmt.Errorf("%s: %s: %w", c.name, s.title, err)
				}
				r.figures[key(c, i)] = append(r.figures[key(c, i)], v)
				fmt.Fprintf(os.Stderr, "%d: %s: %s: "+s.format+"\n", round, s.title, c.name, v)
			}
		}
	}
	return r, nil
}
