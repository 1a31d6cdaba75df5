//go:build unix

package logcollect

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// BenchmarkFile delivers a log of 1 GB in lines of 200 bytes into a File, each time
// beside a plain loop that reads, looks for the ends of lines, and writes. The
// ratios are of the loop's time to the File's: 1 is as fast.
func BenchmarkFile(b *testing.B) {
	const lineCount = 5_000_000
	w := newBench(b)
	f, err := os.Create(w.path("a.log"))
	require.NoError(b, err)
	out := bufio.NewWriterSize(f, 1<<20)
	for i := range lineCount {
		fmt.Fprintf(out, "%08d %s\n", i, strings.Repeat("x", 190))
	}
	require.NoError(b, out.Flush())
	require.NoError(b, f.Close())
	b.SetBytes(lineCount * 200)

	var plain, file, plainCPU, fileCPU time.Duration
	var allocs, rounds uint64
	clean := func() {
		os.RemoveAll(w.path(".logcollect"))
		os.Remove(w.path("out"))
	}
	for b.Loop() {
		b.StopTimer()
		took, cpu := measure(func() { require.NoError(b, plainLoop(w.path("a.log"), w.path("out"))) })
		plain, plainCPU = plain+took, plainCPU+cpu
		clean()
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		b.StartTimer()
		took, cpu = measure(func() {
			w.start(&Collector{Include: []string{"*.log"}, Sink: &File{Path: "out"}})
			require.NoError(b, w.stop())
		})
		b.StopTimer()
		runtime.ReadMemStats(&after)
		require.EqualValues(b, lineCount, w.c.Stats().Lines)
		file, fileCPU = file+took, fileCPU+cpu
		allocs += after.Mallocs - before.Mallocs
		rounds++
		clean()
		b.StartTimer()
	}
	b.ReportMetric(plain.Seconds()/file.Seconds(), "x-plain-loop")
	b.ReportMetric(plainCPU.Seconds()/fileCPU.Seconds(), "x-plain-loop-cpu")
	b.ReportMetric(fileCPU.Seconds()/float64(rounds), "cpu-s/GB")
	b.ReportMetric(float64(allocs)/float64(rounds)/lineCount, "allocs/line")
}

// measure returns how long do takes, and the CPU time of the process meanwhile.
func measure(do func()) (took, cpu time.Duration) {
	used := func() time.Duration {
		var u unix.Rusage
		unix.Getrusage(unix.RUSAGE_SELF, &u)
		return time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	began, before := time.Now(), used()
	do()
	return time.Since(began), used() - before
}

// plainLoop copies a log, and counts its lines, without any promise.
func plainLoop(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	defer out.Close()
	lines := 0
	for buf := make([]byte, 256<<10); ; {
		n, err := in.Read(buf)
		lines += bytes.Count(buf[:n], newline)
		if _, err := out.Write(buf[:n]); err != nil {
			return err
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}
