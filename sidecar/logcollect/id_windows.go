package logcollect

import (
	"io/fs"
	"os"

	"golang.org/x/sys/windows"
)

const nonblock = 0

// statID opens the file, because Windows tells the identity only of open ones.
func statID(root *os.Root, name string, _ fs.FileInfo) (fileID, error) {
	f, err := root.Open(name)
	if err != nil {
		return fileID{}, err
	}
	defer f.Close()
	return openID(f, nil)
}

func openID(f *os.File, _ fs.FileInfo) (fileID, error) {
	var info windows.ByHandleFileInformation
	err := control(f, func(h windows.Handle) error { return windows.GetFileInformationByHandle(h, &info) })
	return fileID{uint64(info.VolumeSerialNumber), uint64(info.FileIndexHigh)<<32 | uint64(info.FileIndexLow)}, err
}

// links is 1: Windows tells it only of open files, and all of them are polled.
func links(fs.FileInfo) uint64 { return 1 }

// bornAt is always 0: Windows gives a new file the time of birth of one that had
// its name a moment before.
func bornAt(*os.File) int64 { return 0 }

// generationOf returns 0: not known.
func generationOf(*os.File) uint32 { return 0 }
