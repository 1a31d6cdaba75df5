//go:build unix && !linux && !darwin

package logcollect

import "os"

// bornAt returns 0: not known.
func bornAt(*os.File) int64 { return 0 }

// generationOf returns 0: not known.
func generationOf(*os.File) uint32 { return 0 }
