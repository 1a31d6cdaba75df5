// Package logcollect puts the log collector beside its peers, nxadm/tail and the
// OpenTelemetry Collector's fileconsumer, and beside the limit, a loop that only
// reads and scans, or reads, scans and writes. This prints the table:
//
//	go run ./logcollect/table
//
// Each figure is of a process that is one peer and nothing else. The peers take turns
// in each round, and a figure is the median of the rounds.
//
//   - catch-up: a log of 200-byte lines from its beginning to its end, into a sink
//     that discards and into a file: the rate, the CPU time of the process for each
//     GB, and the most memory it has used at once (Linux' VmHWM). -size says how
//     large the log is.
//   - latency: from the writing of a line to its delivery, at 10,000 lines a second.
//   - idle: CPU time and memory with 1,000 files in which nothing happens.
//   - burst: 20,000 lines are written, with a rotation in the middle, and the peer is
//     told to stop at once: how many lines it has not delivered when it has ended.
//   - SIGKILL: the peer is killed when it has written half of a log to a file, and
//     started again: how many lines are lost, and how many are there twice.
//
// Our file is the sink of exactly once, with fsync. The peers append to a file with a
// buffer of 64 KiB, which is flushed after each call of fileconsumer's, and each 5 ms
// for nxadm/tail, which has lines only. Fileconsumer polls each 200 ms, as it does by
// default, trims nothing, and keeps its offsets in a file; nxadm/tail has no state.
// The limit promises nothing at all.
package logcollect
