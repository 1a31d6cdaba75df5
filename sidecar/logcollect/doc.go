// Package logcollect is a sidecar that collects the logs which the main container
// writes to the files that both share, and hands their lines to a sink. Nothing
// that it has seen is lost.
//
//	logs := &logcollect.Collector{
//		Include: []string{"logs/**/*.log"},
//		Sink:    &logcollect.File{Path: "collected/all.log"},
//	}
//	pod.Container{Name: "logs", Sidecar: logs}
//
// # What is guaranteed
//
//  1. Every line reaches the sink at least once, also if the Collector is killed at
//     any moment: the checkpoint moves on only after the sink has taken the lines.
//     After a kill at most one batch comes twice. A file that is new is begun at
//     its beginning.
//  2. Into a [File], or another [Resumer], every line comes exactly once, as long as
//     the files are there when the Collector is started again; see there for what if
//     not. The lines are written first, then one record that holds the offsets of the
//     files and the mark of the sink; at the start the sink goes back to that mark.
//  3. The lines of a file are delivered in their order, and those of one generation
//     of a log before those of the next. Between files there is no order.
//  4. A line is delivered whole and with its bytes as they are: CR, NUL and invalid
//     UTF-8 included. One without a newline at the end of a file is held until it
//     is completed. Only a line longer than MaxLineBytes is delivered in pieces.
//  5. Rotation by renaming: the old generation is read to its end through all its
//     names, and when it was removed as long as it is held open. When it has not
//     grown for 200 ms the new one is begun; if both grow for 5 s they are read side
//     by side. Generations that came and went unseen, or while the Collector was
//     stopped, are found in the directory by their names, which continue that of
//     the log, and by their time of birth.
//  6. Rotation by copying and truncating: a file that has become shorter, or does not
//     have the bytes any more that were read last, is begun again.
//  7. After stop all files are looked for once more and read to their end, and only
//     then their last lines without a newline are delivered, with one. Run returns
//     nil when the sink has taken it all and the checkpoint says so.
//  8. A sink that fails is tried again, after 20 ms and up to 2 s, until the grace
//     period ends; nothing is read ahead of it but one batch. What is not delivered
//     then is in Run's error, by file and bytes, and comes in the next run.
//  9. Nothing is read or written outside of the root, except a File with an absolute
//     path. The Collector does not collect its checkpoint, nor its File, nor what
//     that becomes by rotation.
//  10. A sink that panics has failed, and is tried again. One that ends its goroutine
//     ends the run with an error, and one that blocks for ever does when the grace
//     period has ended.
//
// What is delivered of a log has its first path, so that the generations of a log
// make one stream.
//
// # What no collector can save
//
// What is written between the copying and the truncating of a copytruncate; what
// is written to a removed file more than 5 s after it last grew; a log that is
// renamed out of the patterns or removed before it was seen for the first time;
// and files removed while the Collector is stopped or killed. A file that was
// rewritten in place with the same last 64 bytes before the offset can't be told
// from the one that was there. One that was made anew can, by its inode and its
// time of birth. Bytes that were seen and then went are counted in [Stats] as
// LostBytes.
//
// When a writer goes on while the Collector is stopped, its last line may be half
// written; a sink other than File is then given the two halves as two lines.
//
// # Two durabilities
//
// By default the guarantees hold for a crash of the process at any moment, as by
// kill -9. The system has then what was written, and brings it to disk in its own
// time. If the power is lost before, or the system crashes, what is on disk of the
// checkpoint and of a File do not fit together: the lines of the last half minute or
// so may be missing, come twice, or be unreadable.
//
// With [Collector.Sync] the guarantees hold for loss of power too, for a File with
// each line exactly once. Every 100 ms while lines flow a File is brought to disk, then the checkpoint,
// then the directory: for a sink that is no Resumer, what it took in the 100 ms
// before comes twice. The logs themselves are the main container's: where one has
// lost its end with the power, it is shorter than what was read of it, and is begun
// again.
//
// # The checkpoint
//
// It is a small text file below the root that has a version, the offset of each
// file with its identity, the mark of a Resumer, and a checksum. It is replaced as
// a whole every 100 ms while lines flow. Beside it are two that are written in turn,
// before that and, for a sink that is no Resumer, after each batch. The latest one
// that is whole counts: one that is empty, torn or damaged is not used, which is
// logged and counted if it is the main one. If none is whole all files are begun
// again, which is better than to miss one. One of a later version is refused. Files
// that are gone are removed from it. A second Collector on the same checkpoint is
// refused, in this process or another.
//
// # Several sinks
//
// A [Fanout] runs a whole Collector for each sink, with a checkpoint each. That reads
// the files once for each sink, from the memory of the system. One reading for all
// would have to wait for the slowest sink, or keep for it what it has not taken, or
// read that again: this is the last, always, and so the same for a sink that is
// slow, one that is down for a day, and one that is added later.
//
// # Notification and polling
//
// The system tells which files have changed, within a millisecond. Every
// PollInterval all files are looked at nevertheless, because it may not hear of all
// changes: on network filesystems, where there are too many watches, or when they
// come too fast. In a bubble of testing/synctest PollOnly is needed.
//
// # Limits
//
// Memory: 2 batches of 1 MiB, or of MaxLineBytes where lines are longer, and about
// 1 KiB for each file. While the sink takes nothing, nothing more is read.
// Descriptors: MaxOpenFiles, more only for files that are removed and not read to
// the end; two for the checkpoint, two for a File and two while it compresses, and
// those of the notification. Goroutines: one that reads, one that delivers, one of a
// File that rotates, and two for the notification.
package logcollect
