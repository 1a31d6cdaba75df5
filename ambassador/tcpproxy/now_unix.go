//go:build unix && !linux

package tcpproxy

import "syscall"

// readNow reads from a socket that does not block.
func readNow(fd uintptr, b []byte) (int, error) { return syscall.Read(int(fd), b) }

// writeNow writes to one.
func writeNow(fd uintptr, b []byte) (int, error) { return syscall.Write(int(fd), b) }
