package logcollect

import "os"

// nameless is always false: Windows removes no file that is open.
func nameless(*os.File) bool { return false }
