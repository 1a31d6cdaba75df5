package metrics

import (
	"context"
	"math"
	"runtime/metrics"
	"sync"
	"time"
)

// Runtime measures the Go runtime of this process by runtime/metrics: of a main
// container that runs as a goroutine, or of the exporter itself. It is available
// everywhere. It must not be copied after its first use.
type Runtime struct {
	mu      sync.Mutex
	samples []metrics.Sample
	cpu     [len(cpuStates)]float64 // as it was said last: the runtime estimates it
}

var _ Source = (*Runtime)(nil)

// loaded is since when the runtime counts, but for what it took to get here.
var loaded = time.Now().UnixNano()

// Which sample is where.
const (
	sampleTotal = iota
	sampleReleased
	sampleStacks
	sampleLimit
	sampleAllocated
	sampleAllocations
	sampleGoal
	sampleGoroutines
	sampleProcs
	sampleGOGC
	sampleCycles
	sampleUser
	sampleGC
	sampleScavenge
	sampleIdle
	sampleLatencies
	samplePauses
)

var sampleNames = [...]string{
	sampleTotal:       "/memory/classes/total:bytes",
	sampleReleased:    "/memory/classes/heap/released:bytes",
	sampleStacks:      "/memory/classes/heap/stacks:bytes",
	sampleLimit:       "/gc/gomemlimit:bytes",
	sampleAllocated:   "/gc/heap/allocs:bytes",
	sampleAllocations: "/gc/heap/allocs:objects",
	sampleGoal:        "/gc/heap/goal:bytes",
	sampleGoroutines:  "/sched/goroutines:goroutines",
	sampleProcs:       "/sched/gomaxprocs:threads",
	sampleGOGC:        "/gc/gogc:percent",
	sampleCycles:      "/gc/cycles/total:gc-cycles",
	sampleUser:        "/cpu/classes/user:cpu-seconds",
	sampleGC:          "/cpu/classes/gc/total:cpu-seconds",
	sampleScavenge:    "/cpu/classes/scavenge/total:cpu-seconds",
	sampleIdle:        "/cpu/classes/idle:cpu-seconds",
	sampleLatencies:   "/sched/latencies:seconds",
	samplePauses:      "/sched/pauses/total/gc:seconds",
}

var (
	cpuStates = [...]*Labels{
		NewLabels("go.cpu.state", "user"), NewLabels("go.cpu.state", "gc"),
		NewLabels("go.cpu.state", "scavenge"), NewLabels("go.cpu.state", "idle"),
	}
	memoryStack = NewLabels("go.memory.type", "stack")
	memoryOther = NewLabels("go.memory.type", "other")
)

// String returns the source's name, runtime.
func (r *Runtime) String() string { return "runtime" }

// Collect adds the families go.*.
func (r *Runtime) Collect(_ context.Context, b *Batch) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.samples == nil {
		r.samples = make([]metrics.Sample, len(sampleNames))
		for i, name := range sampleNames {
			r.samples[i].Name = name
		}
	}
	metrics.Read(r.samples)
	stacks := r.value(sampleStacks)
	memory := b.Family(goMemoryUsed)
	memory.Add(memoryStack, Int(stacks))
	memory.Add(memoryOther, Int(r.value(sampleTotal)-r.value(sampleReleased)-stacks))
	if limit := r.value(sampleLimit); limit != math.MaxInt64 {
		b.Family(goMemoryLimit).Add(nil, Int(limit))
	}
	for i, d := range [...]Desc{sampleAllocated: goAllocated, sampleAllocations: goAllocations, sampleCycles: goCycles} {
		if d.Name != "" {
			b.Family(d).Add(nil, Int(r.value(i))).Start = loaded
		}
	}
	for i, d := range [...]Desc{sampleGoal: goGoal, sampleGoroutines: goGoroutines, sampleProcs: goProcs, sampleGOGC: goGOGC} {
		if d.Name != "" {
			b.Family(d).Add(nil, Int(r.value(i)))
		}
	}
	cpu := b.Family(goCPUTime)
	for i := range cpuStates {
		if s := r.samples[sampleUser+i]; s.Value.Kind() == metrics.KindFloat64 {
			r.cpu[i] = max(r.cpu[i], s.Value.Float64())
		}
		cpu.Add(cpuStates[i], Float(r.cpu[i])).Start = loaded
	}
	r.histogram(b, goSchedule, sampleLatencies)
	r.histogram(b, goPauses, samplePauses)
	return nil
}

// value is that of a sample, 0 where the runtime has no such.
func (r *Runtime) value(i int) int64 {
	if s := r.samples[i]; s.Value.Kind() == metrics.KindUint64 {
		return int64(min(s.Value.Uint64(), math.MaxInt64))
	}
	return 0
}

// histogram adds the runtime's hundreds of buckets as about twenty, each a whole
// number of its: the upper bounds grow fourfold at least. The runtime's bounds
// are exclusive, and it knows no sum.
func (r *Runtime) histogram(b *Batch, d Desc, i int) {
	s := r.samples[i]
	if s.Value.Kind() != metrics.KindFloat64Histogram {
		return
	}
	h := s.Value.Float64Histogram()
	data := b.NewBuckets()
	var count uint64
	last := 0.0
	for j, n := range h.Counts {
		count += n
		data.Count += n
		if upper := h.Buckets[j+1]; upper >= 4*last && upper > 0 && !math.IsInf(upper, 1) {
			data.Bounds, data.Counts = append(data.Bounds, upper), append(data.Counts, count)
			count, last = 0, upper
		}
	}
	data.Counts = append(data.Counts, count)
	data.Sum = math.NaN()
	p := b.Family(d).Add(nil, Value{})
	p.Start, p.Buckets = loaded, data
}
