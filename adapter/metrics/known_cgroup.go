package metrics

const ofCgroup = ` With scope="shared_cgroup" the container has no control group of its own, and the value is that of the group it shares.`

// Names, units and kinds are those of the semantic conventions where they have
// them; the others have cAdvisor's names in Prometheus.
var (
	cgroupCPUTime       = Desc{Name: "container.cpu.time", Unit: "s", Kind: Counter, Help: "CPU time that the control group has used, by mode." + ofCgroup}
	cgroupCPULimit      = Desc{Name: "container.cpu.limit", Unit: "{cpu}", Kind: UpDownCounter, Help: "Limit of the control group's CPU use, in CPUs; none where there is no limit." + ofCgroup}
	cgroupPeriods       = Desc{Name: "container.cpu.cfs.periods", Unit: "{period}", Kind: Counter, Help: "Periods of the CPU limit in which the control group wanted to run." + ofCgroup}
	cgroupThrottled     = Desc{Name: "container.cpu.cfs.throttled_periods", Unit: "{period}", Kind: Counter, Help: "Periods in which the control group had to wait, because it had used up its CPU limit." + ofCgroup}
	cgroupThrottledTime = Desc{Name: "container.cpu.cfs.throttled", Unit: "s", Kind: Counter, Help: "For how long CPUs of the control group had to wait, because it had used up its CPU limit." + ofCgroup}
	cgroupUsage         = Desc{Name: "container.memory.usage", Unit: "By", Kind: UpDownCounter, Help: "Memory charged to the control group, page cache included." + ofCgroup}
	cgroupWorkingSet    = Desc{Name: "container.memory.working_set", Unit: "By", Kind: UpDownCounter, Help: "Memory charged to the control group, less the page cache that can go (inactive_file)." + ofCgroup}
	cgroupRSS           = Desc{Name: "container.memory.rss", Unit: "By", Kind: UpDownCounter, Help: "Anonymous memory of the control group." + ofCgroup}
	cgroupLimit         = Desc{Name: "container.memory.limit", Unit: "By", Kind: UpDownCounter, Help: "Limit of the control group's memory; none where there is no limit." + ofCgroup}
	cgroupAvailable     = Desc{Name: "container.memory.available", Unit: "By", Kind: UpDownCounter, Help: "Limit of the control group's memory less its working set; none where there is no limit." + ofCgroup}
	cgroupFaults        = Desc{Name: "container.memory.paging.faults", Unit: "{fault}", Kind: Counter, Help: "Page faults of the control group: major ones waited for storage, minor ones did not." + ofCgroup}
	cgroupOOM           = Desc{Name: "container.oom_events", Unit: "{event}", Kind: Counter, Help: "Processes of the control group that were killed because memory ran out." + ofCgroup}
	cgroupDiskIO        = Desc{Name: "container.disk.io", Unit: "By", Kind: Counter, Help: "Bytes that the control group moved from and to storage, by direction." + ofCgroup}
	cgroupUptime        = Desc{Name: "container.uptime", Unit: "s", Kind: Gauge, Help: "For how long the control group is there." + ofCgroup}
)

var knownOfCgroup = []Desc{
	cgroupCPUTime, cgroupCPULimit, cgroupPeriods, cgroupThrottled, cgroupThrottledTime,
	cgroupUsage, cgroupWorkingSet, cgroupRSS, cgroupLimit, cgroupAvailable, cgroupFaults, cgroupOOM, cgroupDiskIO, cgroupUptime,
}
