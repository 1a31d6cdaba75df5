//go:build unix && !linux

package pod

import "syscall"

func processAttributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

// awaitExit is left to cmd.Wait here.
func awaitExit(int) {}

// groupRuns can't be told from the group's existence here.
func groupRuns(int) bool { return true }
