package metrics

// Names, units and kinds are those of the semantic conventions.
var (
	goMemoryUsed  = Desc{Name: "go.memory.used", Unit: "By", Kind: UpDownCounter, Help: "Memory that the Go runtime uses, by type."}
	goMemoryLimit = Desc{Name: "go.memory.limit", Unit: "By", Kind: UpDownCounter, Help: "Memory limit that the Go runtime was given; none where there is no limit."}
	goAllocated   = Desc{Name: "go.memory.allocated", Unit: "By", Kind: Counter, Help: "Memory allocated to the heap by the program."}
	goAllocations = Desc{Name: "go.memory.allocations", Unit: "{allocation}", Kind: Counter, Help: "Allocations to the heap by the program."}
	goGoal        = Desc{Name: "go.memory.gc.goal", Unit: "By", Kind: UpDownCounter, Help: "Heap size that the garbage collector aims at for the end of its cycle."}
	goCycles      = Desc{Name: "go.memory.gc.cycles", Unit: "{gc_cycle}", Kind: Counter, Help: "Cycles that the garbage collector has completed."}
	goPauses      = Desc{Name: "go.memory.gc.pause.duration", Unit: "s", Kind: Histogram, Help: "For how long the garbage collector stopped the world at a time."}
	goGoroutines  = Desc{Name: "go.goroutine.count", Unit: "{goroutine}", Kind: UpDownCounter, Help: "Goroutines that exist."}
	goProcs       = Desc{Name: "go.processor.limit", Unit: "{thread}", Kind: UpDownCounter, Help: "Threads that may run Go code at a time."}
	goGOGC        = Desc{Name: "go.config.gogc", Unit: "%", Kind: UpDownCounter, Help: "Growth of the heap, in percent, after which the garbage collector begins."}
	goCPUTime     = Desc{Name: "go.cpu.time", Unit: "s", Kind: Counter, Help: "CPU time that was available to the Go runtime, by what it did with it, as it estimates after each cycle of the garbage collector."}
	goSchedule    = Desc{Name: "go.schedule.duration", Unit: "s", Kind: Histogram, Help: "For how long goroutines that could run waited until they did."}
)

var knownOfRuntime = []Desc{
	goMemoryUsed, goMemoryLimit, goAllocated, goAllocations, goGoal, goCycles, goPauses,
	goGoroutines, goProcs, goGOGC, goCPUTime, goSchedule,
}
