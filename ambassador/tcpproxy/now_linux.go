package tcpproxy

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// What does not wait is not announced to the scheduler either, as package syscall
// does it. The kernel sends and receives on the loopback within the call, which then
// takes longer than the 20 µs after which the scheduler has another thread go on in
// its place: that costs a tenth of all that a small message does.

// readNow reads from a socket that does not block.
func readNow(fd uintptr, b []byte) (int, error) {
	n, _, errno := syscall.RawSyscall6(unix.SYS_RECVFROM, fd, uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(len(b)), 0, 0, 0)
	if errno != 0 {
		return 0, errno
	}
	return int(n), nil
}

// writeNow writes to one.
func writeNow(fd uintptr, b []byte) (int, error) {
	n, _, errno := syscall.RawSyscall6(unix.SYS_SENDTO, fd, uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(len(b)), unix.MSG_NOSIGNAL, 0, 0)
	if errno != 0 {
		return 0, errno
	}
	return int(n), nil
}
