//go:build unix

package pod

import (
	"errors"
	"net"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"time"
)

// nonBlocking has a named pipe without a reader be an error at once.
const nonBlocking = syscall.O_NONBLOCK

// canActivate says whether a Command can be handed a listener here.
const canActivate = true

func canSend(s os.Signal) bool {
	_, ok := s.(syscall.Signal)
	return ok
}

// activated wraps the program so that LISTEN_PID is its own process id, which no
// parent can know before it forks: the shell becomes the program.
func activated(path string, args []string) []string {
	return append([]string{"/bin/sh", "-c", `LISTEN_PID=$$; export LISTEN_PID; exec "$0" "$@"`, path}, args...)
}

// listenerFile duplicates a listener's socket for a child.
func listenerFile(l net.Listener) (*os.File, error) {
	return l.(filer).File()
}

// unblock undoes what a child may have done to the socket that it shared with
// us: on a blocking one Accept would not end with its deadline.
func unblock(l net.Listener) {
	if c, ok := l.(syscall.Conn); ok {
		if raw, err := c.SyscallConn(); err == nil {
			raw.Control(func(fd uintptr) { syscall.SetNonblock(int(fd), true) })
		}
	}
}

// superviseProcess starts cmd and waits for it on one thread: the parent-death
// signal fires when the thread that started the child dies.
func superviseProcess(cmd *exec.Cmd, begun, exited chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	err := cmd.Start()
	begun <- err
	if err != nil {
		return
	}
	awaitExit(cmd.Process.Pid) // the group is killed while the pid can't be anybody else's
	syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
	exited <- cmd.Wait()
}

func signalGroup(p *os.Process, s os.Signal) {
	if sig, ok := s.(syscall.Signal); ok {
		syscall.Kill(-p.Pid, sig)
	}
}

func killGroup(p *os.Process) { syscall.Kill(-p.Pid, syscall.SIGKILL) }

// endGroup waits until no process of the group runs any more. They were killed;
// what remains are the moments until they are gone.
func endGroup(p *os.Process) {
	for wait := time.Millisecond; wait < 512*time.Millisecond; wait *= 2 {
		if err := syscall.Kill(-p.Pid, 0); errors.Is(err, syscall.ESRCH) || !groupRuns(p.Pid) {
			return
		}
		time.Sleep(wait)
	}
}

// exitCode is 128 + signal for a process that died of a signal.
func exitCode(e interface{ ExitCode() int }) int {
	if status, ok := waitStatus(e); ok && status.Signaled() {
		return 128 + int(status.Signal())
	}
	if code := e.ExitCode(); code >= 0 {
		return code
	}
	return 1
}

func diedOf(e *exec.ExitError, s os.Signal) bool {
	status, ok := waitStatus(e)
	return ok && status.Signaled() && status.Signal() == s && s != syscall.SIGKILL
}

func waitStatus(e any) (syscall.WaitStatus, bool) {
	s, ok := e.(interface{ Sys() any })
	if !ok {
		return 0, false
	}
	status, ok := s.Sys().(syscall.WaitStatus)
	return status, ok
}
