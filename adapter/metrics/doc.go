// Package metrics is an adapter that presents the CPU time and the memory of a
// pod's main container, and whatever else its sources measure, in the formats
// that monitors read, on the pod's port.
//
//	exporter := &metrics.Exporter{Container: "web"}
//	pod.Container{Name: "metrics", Adapter: exporter, Listen: "0.0.0.0:9102"}
//
// # What is served
//
// GET and HEAD of /metrics collect from all sources and answer in what Accept
// wants most: [Text], which is Prometheus' text format 0.0.4, [OpenMetrics], [JSON]
// or one of [Exporter.Formats]; without a wish in Text. Accept-Encoding may ask for
// zstd or gzip. /metrics.json is always JSON. /healthz is 200 while the exporter
// serves, the page at / tells a person what is there, and every other path is 404.
// WebConfig adds TLS, names and passwords. All values are in base units. A name is derived from the OpenTelemetry one by the
// rules of that specification ("Prometheus and OpenMetrics Compatibility"): dots
// become underscores, the unit follows in words, and _total ends a counter.
//
//	metric                              labels    of        read from
//	up                                  source    Exporter
//	source_duration_seconds             source    Exporter
//	process_cpu_time_seconds_total      cpu_mode  Process   /proc/<pid>/stat, utime and stime
//	process_memory_usage_bytes                    Process   /proc/<pid>/statm, resident
//	process_memory_virtual_bytes                  Process   /proc/<pid>/statm, size
//	process_thread_count                          Process   /proc/<pid>/stat, num_threads
//	process_start_time_seconds                    Process   /proc/<pid>/stat, starttime; /proc/stat, btime
//	container_cpu_time_seconds_total              Cgroup    cpu.stat, usage_usec; cpuacct.usage
//	container_cpu_limit                           Cgroup    cpu.max; cpu.cfs_quota_us, cpu.cfs_period_us
//	container_memory_usage_bytes                  Cgroup    memory.current; memory.usage_in_bytes
//	container_memory_rss_bytes                    Cgroup    memory.stat, anon; total_rss
//	container_memory_working_set_bytes            Cgroup    usage less inactive_file; total_inactive_file
//	container_memory_limit_bytes                  Cgroup    memory.max; memory.limit_in_bytes
//	container_memory_available_bytes              Cgroup    limit less working set
//
// Where two are named, the first is of cgroup version 2 and the second of
// version 1. Limits are those of the group itself, not of the groups above it.
// CPU times of a process come in steps of 10 ms, those of a control group in
// microseconds or less. The series of a container have the label container_name.
// Process and Cgroup are available on linux; elsewhere Process has up 0.
//
// Where the main container runs as a goroutine there is nothing of its own to
// measure: its process is the whole one, and its series say so by the label
// scope="whole_process", those of a control group that it shares with the
// exporter by scope="shared_cgroup".
//
// # What is guaranteed
//
//  1. up{source="…"} is 1 if the source's values are in this answer, and 0 if it
//     failed, panicked, or took longer than Timeout or than the scrape's
//     X-Prometheus-Scrape-Timeout-Seconds allows. With up 0 it has no values: old
//     ones are never served. The other sources are not affected. The default
//     source "cgroup" has no up where there is no control group. (Prometheus
//     adds an up of its own, for the scrape, without the label source.)
//  2. All sources are collected at the same time, each in a goroutine of its own.
//     Scrapes at the same time share a collection. A source that does not return
//     is not called again until it has, in the next run of the Exporter either.
//  3. The process is looked up at each collection, so a main container that was
//     started again is measured in its new process. While it does not run, up is 0.
//  4. What is served is valid whatever the sources add: a series that is there
//     already, and a name that is there with another type, are left out and counted.
//     The source that comes first wins, with its help and unit too.
//  5. Families come by name, series by labels: the same values are the same bytes.
//  6. Failures are logged when a source goes down and when it works again, and
//     counted in [Exporter.Stats], which keeps the last error of each source.
//
// The lifecycle is that of every adapter: see package adapter. The Exporter is
// ready as soon as its fields are found right. When ctx is done it closes the
// listener, answers the scrapes that it was sent, and waits for the collections;
// one that ignores its context is an error that names the source. A source that is
// a [Runner] runs all the time; if it ends, so does the Exporter.
//
// Limits: 16 scrapes at the same time (more are answered 503), 256 connections
// (more wait in the backlog), 30 s and Timeout for a client to read the answer,
// one goroutine, 500,000 points and 256 MiB a source ([Exporter.MaxPoints] and
// MaxBytes), twice while one scrape is still written and the next collects, and
// 4 MiB for a file under /proc or /sys. An answer is written in pieces of 48 KiB and
// never kept as a whole.
//
// # A source of one's own
//
// It is a [Func] in a [Named], or a type with Collect and String, as in the
// example. It adds points to the [Batch] that it is given and returns; it needs
// no lock of its own against being called twice. Labels are made once and used
// for each collection: that is what makes it cheap. [Stats] makes a source of any
// struct of counters, as the Stats of a block.
package metrics
