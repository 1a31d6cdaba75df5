package metrics

import (
	"context"
	"fmt"
)

// Process measures the CPU time and memory of one process: of Container, looked
// up in the pod at each collection, or the one with the pid PID, or, with
// neither, of this process. It reads /proc, so it is available on linux only.
// When the system has given PID to another process, it is that one which is
// measured, and process_start_time_seconds tells.
//
// A container that runs as a goroutine has no process of its own: its series
// are those of the whole process, and have the attribute scope="whole_process".
type Process struct {
	Container string // adds the attribute container.name; empty: none is meant
	PID       int    // adds the attribute process.pid; 0: none is meant, negative: an error

	sys *system
}

var (
	_ Source  = Process{}
	_ checker = Process{}
)

const ofProcess = ` With scope="whole_process" the container has no process of its own, and the value is that of the whole process it runs in.`

var (
	processCPUTime = Family{"process.cpu.time", "s", "CPU time that the process has used, by mode." + ofProcess, Counter}
	processMemory  = Family{"process.memory.usage", "By", "Memory of the process that is resident, shared pages included." + ofProcess, UpDownCounter}
	processVirtual = Family{"process.memory.virtual", "By", "Address space of the process." + ofProcess, UpDownCounter}
	processThreads = Family{"process.thread.count", "{thread}", "Threads of the process." + ofProcess, UpDownCounter}
	processStart   = Family{"process.start_time", "s", "When the process was started, in seconds since 1970." + ofProcess, Gauge}
)

// String returns the source's name: process, process/<Container> or process/<PID>.
func (p Process) String() string { return p.target().name("process") }

func (p Process) target() target { return target{p.Container, p.PID} }

func (p Process) check(wrong *faults) { p.target().check(wrong) }

// Collect adds the families process.*. A process that does not run is an error.
func (p Process) Collect(ctx context.Context, b *Batch) error {
	sys := p.sys.orMachine()
	if err := sys.available("process"); err != nil {
		return err
	}
	proc, err := p.target().find(ctx, sys)
	if err != nil {
		return err
	}
	m, err := sys.measureProcess(proc)
	if err != nil {
		return fmt.Errorf("process: %w", err)
	}
	scope := ""
	if p.Container != "" && proc == procSelf {
		scope = "whole_process"
	}
	attrs := p.target().attrs(scope)
	b.Add(processCPUTime, Point{append(attrs, Attr{"cpu.mode", "user"}), Float(seconds(m.stat.userTicks))})
	b.Add(processCPUTime, Point{append(attrs, Attr{"cpu.mode", "system"}), Float(seconds(m.stat.systemTicks))})
	b.Add(processMemory, Point{attrs, Int(m.memory.resident * sys.pageSize)})
	b.Add(processVirtual, Point{attrs, Int(m.memory.virtual * sys.pageSize)})
	b.Add(processThreads, Point{attrs, Int(m.stat.threads)})
	b.Add(processStart, Point{attrs, Float(float64(m.booted) + seconds(m.stat.startTicks))})
	return nil
}

type processMeasure struct {
	stat   procStat
	memory procMemory
	booted int64 // seconds since 1970
}

// measureProcess takes the memory from statm, because the kernel may keep the
// counters behind it for each CPU: statm has their sum, stat's rss lags behind.
// The time of boot is read again each time, because the clock may have been set.
func (s *system) measureProcess(proc string) (m processMeasure, err error) {
	if m.stat, err = parseFile(s, proc+"/stat", parseStat); err != nil {
		return m, err
	}
	if m.stat.state == 'Z' || m.stat.state == 'X' {
		return m, fmt.Errorf("%s/stat: state %c: it has exited", proc, m.stat.state)
	}
	if m.memory, err = parseFile(s, proc+"/statm", parseStatm); err != nil {
		return m, err
	}
	m.booted, err = parseFile(s, "/proc/stat", parseBootTime)
	return m, err
}
