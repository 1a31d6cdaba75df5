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
//     is completed. Only what is said below of lines and events changes that. What a
//     writer has made room for and not written yet, a hole up to the end of the file,
//     is waited for.
//  5. Rotation by renaming: the old generation is read to its end through all its
//     names, and when it was removed or moved away as long as it is held open. When
//     it has not grown for 200 ms the new one is begun; if both grow for 5 s they are
//     read side by side. Generations that came and went unseen, or while the
//     Collector was stopped, are found in the directory by their names, which
//     continue that of the log, and by their time of birth; of two made in the same
//     tick of the filesystem's clock by their numbers, which count the way that those
//     of the others do, else as logrotate's. The rest of one that was
//     compressed by gzip while the Collector was stopped is read from there.
//  6. Rotation by copying and truncating: a file that has become shorter, or does not
//     have the bytes any more that were read last, is begun again. If its writer does
//     not append, the hole of NULs that it then leaves is skipped.
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
// # Lines and events
//
// StripCR delivers lines that end with CR LF with LF alone. Multiline makes one
// event of several lines, as of a message and the stack trace below it; it is
// delivered as a whole, and [Batch.All] yields it as one. MaxLineBytes bounds both:
// what is longer is delivered in pieces, or with TruncateLines its beginning alone.
// A [Chunk] says by its [Cut] that its last line or event is not all of it:
//
//	Split      goes on in the next chunk of the file, within the line
//	Parted     goes on in the next chunk of the file, with a line of the event
//	Truncated  was longer, and the rest is dropped, and counted
//	Ended      the file ended without a newline
//
// How lines are cut does not depend on when they were written or read, nor on stops
// and crashes. Two things do depend on time: when an event at the end of a file is
// taken for complete, and where a stop leaves a line that is being written. Offsets,
// and the bytes of [Stats] and of errors, are those of the files, whatever was
// stripped, added or dropped on the way to the sink.
//
// # Which files
//
// Regular files, looked for below the root by the patterns. A file is known by its
// device and inode, and one that is given the inode of another by the inode's
// generation and its time of birth; only where the filesystem has neither by the
// 64 bytes before the offset. So files that begin alike are different files, and
// a short one is delivered at once.
//
// Links are followed, to files and to directories, and also absolute ones if they
// begin with the root's path. One that leads out of the root or in a circle is
// refused: once in the log, and in [Stats] as RefusedLinks. A pipe, a socket, a
// device, or a directory whose name a pattern matches is left alone, which is
// logged once. So are compressed files, unless the pattern has their ending in it,
// as "*.gz" does.
//
// A file that vanishes with its directory, or is moved to where the patterns do not
// look, goes on where it was when it comes back within an hour, also after a
// restart; of such files 1,000 are remembered.
//
// # What no collector can save
//
// These are counted in [Stats] where they can be seen at all:
//
//   - What is written between the copying and the truncating of a copytruncate. What
//     was seen of it, or shows by the length of a hole, is in LostBytes.
//   - What is written to a removed file more than 5 s after it last grew, and to one
//     that was moved out of sight more than 1 min after.
//   - What is written to a file right before it is removed, if it is not held open
//     because there are more than MaxOpenFiles, or no descriptors. What was seen of
//     it is in LostBytes.
//   - A log that is renamed out of the patterns or removed before it was seen for the
//     first time.
//   - Files removed while the Collector is stopped or killed: in MissingFiles. So are
//     those compressed otherwise than by gzip; generations that came, went and were
//     compressed meanwhile are not.
//   - A file that was rewritten in place with the same last 64 bytes before the
//     offset: it can't be told from the one that was there. One that was made anew can.
//   - The generations that came and went unseen while the clock was set back, or on
//     a filesystem without times of birth.
//
// When a writer goes on while the Collector is stopped, its last line or event may
// be half written; a sink other than File is then given the two halves as two.
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
// each line exactly once. Every 100 ms while lines flow a File is brought to disk,
// then the checkpoint, then the directory: for a sink that is no Resumer, what it
// took in the 100 ms before comes twice. The logs themselves are the main
// container's: where one has lost its end with the power, it is shorter than what was
// read of it, and is begun again.
//
// # The checkpoint
//
// It is a small text file below the root that has a version, the offset of each
// file with its identity, the mark of a Resumer, and a checksum. Beside it are two that
// are written in place, in turn, every 100 ms while lines flow and, for a sink that is
// no Resumer, after each batch. The one that has the name is replaced as a whole: with
// Sync every 100 ms, else every 30 s and at the end of a run, because that has to wait
// for the disk where others write much. The latest one that is whole counts: one that
// is empty, torn or damaged is not used, which is logged and counted if it is the main
// one. If none is whole all files are begun again, which is better than to miss one.
// One of a later version is refused. Files that are gone are removed from it. A second
// Collector on the same checkpoint is refused, in this process or another.
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
// Linux tells which files have changed, within a millisecond. Where it does all
// files are looked at once a minute nevertheless, or every PollInterval if that is
// longer. That finds what it does not tell: what is written through a mapping into
// memory, and a filesystem that is mounted over a directory. When changes come
// too fast for it, all files are looked at at once.
//
// Every PollInterval are looked at: everything, if one of the directories is on a
// network or FUSE filesystem, can't be watched because there are too many watches,
// or can't be listed; for 5 s, if a log was renamed; files with several names,
// because what is written under one that is not watched is not told; and those
// that failed. On other systems than Linux everything is.
//
// With PollOnly a file that was made anew is missed if it has the inode, the size
// and the time of writing of the one before and that one was not held open. In a
// bubble of testing/synctest PollOnly is needed.
//
// # Limits
//
// Memory: 2 batches of 1 MiB, or of MaxLineBytes and 2 KiB where lines or events are
// longer, with 2 MiB each at most for where they end, and about 1.2 KiB for each
// file. So a line that never ends is no danger, and while the sink takes nothing,
// nothing more is read. Descriptors: MaxOpenFiles, more only for files that are
// removed and not read to the end; two for the checkpoint, two for a File and two
// while it compresses, and those of the notification. When the process has none left,
// files that were read are closed and what failed is tried again. Goroutines: one that
// reads, one that delivers, one of a File that rotates, and two for the notification.
// Disk: what a compressed file has that is not read yet, at most 1 GiB, in a file
// without a name.
//
// # Your own sink: a guide
//
// A [Sink] has one method. What it has to get right is to return nil only for what
// will not be lost, as this one does, that appends the lines to a file:
//
//	type journal struct{ path string }
//
//	func (j *journal) Write(_ context.Context, batch logcollect.Batch) error {
//		f, err := os.OpenFile(j.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
//		if err != nil {
//			return err
//		}
//		_, err = f.Write(batch.Lines)
//		return errors.Join(err, f.Sync(), f.Close())
//	}
//
// Whether it does is proven by killing it. The test binary serves as the sidecar to
// be killed, which is what TestMain is for:
//
//	func TestMain(m *testing.M) {
//		if dir := os.Getenv("COLLECT_FROM"); dir != "" {
//			if err := collect(dir); err != nil {
//				log.Fatal(err)
//			}
//			return
//		}
//		os.Exit(m.Run())
//	}
//
//	func collect(dir string) error {
//		root, err := os.OpenRoot(dir)
//		if err != nil {
//			return err
//		}
//		ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
//		defer stop()
//		c := &logcollect.Collector{Include: []string{"access.log"}, Sink: newSink(dir)}
//		return c.Run(ctx, root)
//	}
//
// KillLoop of package podtest starts it, kills it with SIGKILL at a random moment
// and starts it again. Meanwhile the test writes the log, and then looks for each
// line:
//
//	func TestJournalKilled(t *testing.T) {
//		dir := t.TempDir()
//		in, err := os.Create(filepath.Join(dir, "access.log"))
//		if err != nil {
//			t.Fatal(err)
//		}
//		defer in.Close()
//		out := func() string {
//			text, _ := os.ReadFile(filepath.Join(dir, "journal"))
//			return string(text)
//		}
//		written := 0
//		podtest.KillLoop(t, podtest.Kill{
//			Command: func() *exec.Cmd {
//				cmd := exec.Command(os.Args[0])
//				cmd.Env = append(os.Environ(), "COLLECT_FROM="+dir)
//				return cmd
//			},
//			Kills: 20,
//			Work: func() {
//				fmt.Fprintf(in, "line %d\n", written)
//				written++
//			},
//			Progress: func() int64 { return int64(len(out())) },
//			Done:     func() bool { return strings.HasSuffix(out(), fmt.Sprintf("line %d\n", written-1)) },
//		})
//		text := out()
//		for i := range written {
//			if !strings.Contains(text, fmt.Sprintf("line %d\n", i)) {
//				t.Errorf("line %d is lost", i)
//			}
//		}
//		t.Logf("%d lines written, %d delivered twice", written, strings.Count(text, "\n")-written)
//	}
//
// Move the Sync behind the return, or forget it, and the test still passes: a
// SIGKILL is not a loss of power. Return nil before the Write, and it fails.
package logcollect
