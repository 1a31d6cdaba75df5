package pod

import (
	"os"

	"golang.org/x/sys/windows"
)

// isTerminal says whether f is a console that understands colours.
func isTerminal(f *os.File) bool {
	var mode uint32
	err := windows.GetConsoleMode(windows.Handle(f.Fd()), &mode)
	return err == nil && mode&windows.ENABLE_VIRTUAL_TERMINAL_PROCESSING != 0
}
