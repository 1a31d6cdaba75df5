// Package statsd is a source of metrics that other programs send: StatsD and
// DogStatsD over UDP, TCP and unix datagrams.
//
//	exporter := &metrics.Exporter{Sources: []metrics.Source{&statsd.Source{UDP: "127.0.0.1:8125"}}}
//	pod.Container{Name: "metrics", Adapter: exporter, Listen: "0.0.0.0:9102"}
//
// # What is read
//
// A datagram has one sample or more, with a newline between them; over TCP each
// ends with one.
//
//	requests:1|c                      a counter, by 1
//	requests:1|c|@0.1                 one of ten, so by 10
//	queue:12|g   queue:+3|g           a gauge, set; and changed
//	latency:320|ms                    a timer, exported in seconds
//	size:512|h   size:512|d           a histogram, a distribution: the same
//	users:ann|s                       a set, exported as how many are distinct
//	latency:1:2:3|ms|#env:prod,new    three values, with tags (DogStatsD 1.1)
//	requests:1|c:320|ms               values of more than one type (StatsD)
//	requests:1|c|c:4f|T1656581400     a container id (1.2) and a timestamp (1.3)
//	_e{5,4}:title|text   _sc|db|0     an event, a service check: counted
//
// Tags in the name are read as [TagStyles] say. A tag without a value has the
// value "true"; of two with one name the last one holds. Two tags of one name but
// for characters that Prometheus does not allow are one. The external data (|e:)
// and the cardinality (|card:) of DogStatsD are for its agent, and are left out.
//
// # What it becomes
//
//	StatsD                       metric
//	c                            counter; a whole number for as long as the samples are
//	g                            gauge
//	ms                           histogram, native histogram or summary in seconds
//	h, d                         the same, without a unit
//	s                            gauge of the distinct values of the last period
//
// A name is one kind of metric: a sample of another is rejected, unless the names
// differ in Prometheus, as those of a counter and a timer do. Timestamps are for
// their order: a gauge's value that is older than the one that is there is left
// out. They are not exported, as Prometheus wants them only where it has no clock.
//
// # What is guaranteed
//
//  1. A malformed sample is left out, and the samples beside it are taken. What is
//     left out is counted by its reason, and so are the datagrams that the kernel
//     dropped, as of now (SO_RXQ_OVFL and SO_MEMINFO of linux).
//  2. A sample costs the same whatever its rate: it is counted with the weight of
//     1/rate, a float64, and no rate below 1e-12 is taken. Counts are rounded only
//     when they are collected.
//  3. Each sample that was taken is in every collection that begins later. Counters
//     and histograms tell since when they count; they begin anew only after the
//     time-out of their series.
//  4. Nothing that has arrived is lost when Run ends: it reads the sockets empty
//     first. A socket for UDP is held by the pod while the container restarts.
//     Over TCP, what was sent is read for as long as it keeps coming, up to 8 MiB.
//  5. What was counted stays over the runs of one Source.
//
// Limits: MaxSeries, their texts to 512 bytes each on average, and for what is
// known of samples the same once more for each of twice as many; MaxSetValues;
// MaxLine, 1 KiB for a name; MaxConns, with 128 KiB each; 2.1 MiB of buffers for
// each socket for datagrams; 160 buckets on each side of 0 of a native histogram
// and of each half of a summary's window.
//
// # Speed
//
// What stands before and after the value of a sample, so its name and its tags, is
// looked up as it is: only the first time it is read. Datagrams are read 32 at a
// time on linux. Whether some are lost in a burst is up to the receive buffer:
// the kernel's default of 208 KiB holds some 280 small ones. The 4 MiB that are
// asked for need net.core.rmem_max to be as large, or the capability
// CAP_NET_ADMIN; what was granted is a metric.
package statsd
