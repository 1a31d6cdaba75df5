package main

import (
	"cmp"
	"fmt"
	"io"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
)

// A figures is what was measured of one peer, a value for each round.
type figures map[string][]float64

func (f figures) add(name string, value float64) { f[name] = append(f[name], value) }

func (f figures) median(name string) (float64, bool) {
	all := slices.Sorted(slices.Values(f[name]))
	if len(all) == 0 {
		return 0, false
	}
	return all[len(all)/2], true
}

// The columns of the table, and how their values look.
var columns = []struct{ name, format string }{
	{"discard MB/s", "%.0f"}, {"CPU s/GB", "%.2f"}, {"peak MiB", "%.0f"},
	{"file MB/s", "%.0f"}, {"CPU s/GB, file", "%.2f"}, {"peak MiB, file", "%.0f"},
	{"p50 ms", "%.2f"}, {"p99 ms", "%.2f"},
	{"idle CPU %", "%.2f"}, {"idle MiB", "%.0f"},
	{"burst undelivered", "%.0f"}, {"SIGKILL lost", "%.0f"}, {"doubled", "%.0f"},
}

// measure has the peers take turns in each round.
func (s setup) measure() (map[string]figures, error) {
	all := map[string]figures{}
	for _, p := range peers {
		all[p.name] = figures{}
	}
	dir, remove, err := s.place()
	if err != nil {
		return nil, err
	}
	defer remove()
	lines, err := fillLog(filepath.Join(dir, "a.log"), s.size)
	if err != nil {
		return nil, err
	}
	for range s.rounds {
		for _, p := range peers {
			if err := s.measureCatchUp(all[p.name], p, dir, lines); err != nil {
				return nil, err
			}
		}
		for _, p := range peers {
			if !p.follows {
				continue
			}
			if err := s.measureLive(all[p.name], p, lines); err != nil {
				return nil, err
			}
		}
	}
	return all, nil
}

func (s setup) measureCatchUp(f figures, p peer, dir string, lines int64) error {
	for i, toFile := range []bool{false, true} {
		r, err := catchUp(p, dir, lines, toFile)
		if err != nil {
			return err
		}
		bytes := float64(lines * lineSize)
		f.add(columns[3*i].name, bytes/1e6/r.Took.Seconds())
		f.add(columns[3*i+1].name, r.CPU.Seconds()/(bytes/1e9))
		f.add(columns[3*i+2].name, float64(r.RSS)/(1<<20))
	}
	return nil
}

func (s setup) measureLive(f figures, p peer, lines int64) error {
	r, err := s.latency(p)
	if err != nil {
		return err
	}
	f.add("p50 ms", r.P50.Seconds()*1000)
	f.add("p99 ms", r.P99.Seconds()*1000)
	if r, err = s.idle(p); err != nil {
		return err
	}
	f.add("idle CPU %", 100*r.CPU.Seconds()/s.watch.Seconds())
	f.add("idle MiB", float64(r.RSS)/(1<<20))
	left, err := s.burst(p)
	if err != nil {
		return err
	}
	f.add("burst undelivered", float64(left))
	lost, doubled, err := s.killed(p, min(lines, 500_000))
	if err != nil {
		return err
	}
	f.add("SIGKILL lost", float64(lost))
	f.add("doubled", float64(doubled))
	return nil
}

func (s setup) print(w io.Writer) error {
	all, err := s.measure()
	if err != nil {
		return err
	}
	fmt.Fprint(w, "| |")
	for _, c := range columns {
		fmt.Fprintf(w, " %s |", c.name)
	}
	fmt.Fprintf(w, "\n|---|%s\n", strings.Repeat("--:|", len(columns)))
	for _, p := range peers {
		fmt.Fprintf(w, "| %s |", p.name)
		for _, c := range columns {
			if v, ok := all[p.name].median(c.name); ok {
				fmt.Fprintf(w, " "+c.format+" |", v)
			} else {
				fmt.Fprint(w, " |")
			}
		}
		fmt.Fprintln(w)
	}
	fmt.Fprintln(w)
	for _, r := range ratios {
		a, _ := all[ours].median(r.column)
		b, _ := all[r.of].median(r.column)
		fmt.Fprintf(w, "- %s: %.2f × %s\n", r.column, a/b, r.of)
	}
	fmt.Fprintf(w, "\n%d MB, the median of %d rounds; %s, %s/%s, %d CPUs; %s.\n", s.size/1e6, s.rounds,
		runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), strings.Join(versions(), ", "))
	return nil
}

// ratios are ours as multiples of others'.
var ratios = []struct{ column, of string }{
	{"discard MB/s", otel}, {"discard MB/s", limit}, {"file MB/s", limit}, {"CPU s/GB", otel}, {"CPU s/GB, file", otel},
}

func versions() (list []string) {
	info, _ := debug.ReadBuildInfo()
	for _, module := range cmp.Or(info, &debug.BuildInfo{}).Deps {
		if strings.HasSuffix(module.Path, "/stanza") || strings.HasSuffix(module.Path, "/tail") {
			list = append(list, module.Path+" "+module.Version)
		}
	}
	return list
}
