//go:build !windows

package pod

import "os"

// isTerminal takes /dev/null for one as well, which does not mind.
func isTerminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
