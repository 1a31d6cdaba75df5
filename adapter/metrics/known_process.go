package metrics

const ofProcess = ` With scope="whole_process" the container has no process of its own, and the value is that of the whole process it runs in.`

// Names, units and kinds are those of the semantic conventions, but for
// process.start_time, which is Prometheus' process_start_time_seconds, and
// process.count.
var (
	processCPUTime = Desc{Name: "process.cpu.time", Unit: "s", Kind: Counter, Help: "CPU time that the process has used, by mode." + ofProcess}
	processMemory  = Desc{Name: "process.memory.usage", Unit: "By", Kind: UpDownCounter, Help: "Memory of the process that is resident, shared pages included." + ofProcess}
	processVirtual = Desc{Name: "process.memory.virtual", Unit: "By", Kind: UpDownCounter, Help: "Address space of the process." + ofProcess}
	processThreads = Desc{Name: "process.thread.count", Unit: "{thread}", Kind: UpDownCounter, Help: "Threads of the process." + ofProcess}
	processOpen    = Desc{Name: "process.unix.file_descriptor.count", Unit: "{file_descriptor}", Kind: UpDownCounter, Help: "File descriptors that the process has open." + ofProcess}
	processDiskIO  = Desc{Name: "process.disk.io", Unit: "By", Kind: Counter, Help: "Bytes that the process, and the children that it waited for, moved from and to storage, by direction." + ofProcess}
	processFaults  = Desc{Name: "process.paging.faults", Unit: "{fault}", Kind: Counter, Help: "Page faults of the process: major ones waited for storage, minor ones did not." + ofProcess}
	processUptime  = Desc{Name: "process.uptime", Unit: "s", Kind: Gauge, Help: "For how long the process has run." + ofProcess}
	processStart   = Desc{Name: "process.start_time", Unit: "s", Kind: Gauge, Help: "When the process was started, in seconds since 1970." + ofProcess}
	processCount   = Desc{Name: "process.count", Unit: "{process}", Kind: UpDownCounter, Help: "Processes that are measured together."}
)

var knownOfProcess = []Desc{
	processCPUTime, processMemory, processVirtual, processThreads, processOpen, processDiskIO, processFaults,
	processUptime, processStart, processCount,
}
