package metrics

import (
	"context"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

// BenchmarkMachine is a collection of each source beside the bare reading of the
// same files: opened, read into one buffer and closed, as who does not keep them
// open has to, and read again from open files.
func BenchmarkMachine(b *testing.B) {
	if machine.goos != "linux" {
		b.Skip("no /proc")
	}
	b.Run("process", func(b *testing.B) { benchSource(b, &Process{PID: os.Getppid()}) })
	b.Run("process/floor", func(b *testing.B) {
		dir := procDir(os.Getppid())
		benchFloor(b, dir+"/stat", dir+"/statm", dir+"/io")
	})
	b.Run("tree", func(b *testing.B) { benchSource(b, &Process{PID: os.Getppid(), Children: true}) })
	b.Run("tree/floor", func(b *testing.B) {
		dir, err := os.ReadDir("/proc")
		require.NoError(b, err)
		var names []string
		for _, d := range dir {
			if d.Name()[0] <= '9' {
				names = append(names, "/proc/"+d.Name()+"/stat")
			}
		}
		benchFloor(b, names...)
	})
	group := new(Cgroup)
	if err := group.Collect(context.Background(), new(Batch)); err != nil {
		b.Logf("no control group: %v", err)
	} else {
		var names []string
		for _, f := range group.group.files {
			if f != nil {
				names = append(names, f.path)
			}
		}
		b.Run("cgroup", func(b *testing.B) { benchSource(b, group) })
		b.Run("cgroup/floor", func(b *testing.B) { benchFloor(b, append(names, procSelf+"/cgroup")...) })
	}
	b.Run("runtime", func(b *testing.B) { benchSource(b, new(Runtime)) })
}

func benchSource(b *testing.B, s Source) {
	b.ReportAllocs()
	var batch Batch
	for b.Loop() {
		batch.Reset()
		if err := s.Collect(context.Background(), &batch); err != nil {
			b.Fatal(err)
		}
	}
}

func benchFloor(b *testing.B, names ...string) {
	buf := make([]byte, 64<<10)
	read := func(f *os.File) {
		if n, _ := f.ReadAt(buf, 0); n < 0 {
			b.Fatal(f.Name())
		}
	}
	b.Run("open", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			for _, name := range names {
				if f, err := os.Open(name); err == nil {
					read(f)
					f.Close()
				}
			}
		}
	})
	b.Run("kept", func(b *testing.B) {
		b.ReportAllocs()
		var files []*os.File
		for _, name := range names {
			if f, err := os.Open(name); err == nil {
				files = append(files, f)
			}
		}
		for b.Loop() {
			for _, f := range files {
				read(f)
			}
		}
	})
}
