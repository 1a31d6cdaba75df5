package pod

import (
	"errors"
	"net"
	"os"
	"os/exec"
	"syscall"
)

const nonBlocking = 0

const canActivate = false

func canSend(s os.Signal) bool { return s == os.Kill }

func activated(path string, args []string) []string { return append([]string{path}, args...) }

func listenerFile(net.Listener) (*os.File, error) {
	return nil, errors.New("not available on Windows")
}

func unblock(net.Listener) {}

func superviseProcess(cmd *exec.Cmd, begun, exited chan<- error) {
	err := cmd.Start()
	begun <- err
	if err == nil {
		exited <- cmd.Wait()
	}
}

// signalGroup kills: there is no SIGTERM here.
func signalGroup(p *os.Process, _ os.Signal) { p.Kill() }

func killGroup(p *os.Process) { p.Kill() }

func endGroup(*os.Process) {}

func processAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{CreationFlags: syscall.CREATE_NEW_PROCESS_GROUP}
}

func exitCode(e interface{ ExitCode() int }) int {
	if code := e.ExitCode(); code >= 0 {
		return code
	}
	return 1
}

func diedOf(*exec.ExitError, os.Signal) bool { return true } // the only way to be stopped
