package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log"
	"strconv"
	"strings"
)

// monitor asks the adapter as any monitoring system would: it knows the standard
// form, and nothing of the web server.
func monitor(ctx context.Context, url string) {
	var text bytes.Buffer
	err := get(ctx, url, &text)
	if err == nil {
		var u usage
		if u, err = parseUsage(text.String()); err == nil {
			log.Printf("monitor: %v", u)
			return
		}
	}
	if ctx.Err() == nil {
		log.Printf("monitor: %v", err)
	}
}

// usage is what the web server uses of the machine.
type usage struct {
	cpu     float64 // seconds, until now
	ram     float64 // bytes
	program bool    // figures are of the whole program, of which the web server is a part
}

func (u usage) String() string {
	who := "the web server"
	if u.program {
		who = "the program with the web server in it"
	}
	return fmt.Sprintf("%s has used %.2f s of CPU and uses %.1f MiB of RAM", who, u.cpu, u.ram/(1<<20))
}

// parseUsage reads the Prometheus text format, and adds up the series of a figure.
func parseUsage(text string) (u usage, err error) {
	sums := map[string]float64{}
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		if len(fields) < 2 || fields[0] == "#" {
			continue
		}
		value, err := strconv.ParseFloat(fields[len(fields)-1], 64)
		if err != nil {
			return u, fmt.Errorf("%q: %w", line, err)
		}
		name, labels, _ := strings.Cut(fields[0], "{")
		sums[name] += value
		u.program = u.program || strings.Contains(labels, `scope="whole_process"`)
	}
	cpu, measured := sums["process_cpu_time_seconds_total"]
	if !measured {
		return u, errors.New("the adapter has no figures of the web server now")
	}
	u.cpu, u.ram = cpu, sums["process_memory_usage_bytes"]
	return u, nil
}
