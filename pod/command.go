package pod

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/podpatterns/podpatterns/pod/sandbox"
)

// A commandError is a Command that did not exit with 0.
type commandError struct {
	code   int  // 128 + signal for one that died of a signal
	asTold bool // it died of the signal that it was sent at stop
	err    error
}

func (e *commandError) Error() string { return e.err.Error() }
func (e *commandError) Unwrap() error { return e.err }

// A command is one run of a Command container.
type command struct {
	container *Container
	env       []string
	dir       string
	root      *os.Root
	socket    *socket // nil without Listen
	logger    *slog.Logger
	leased    func(*lease)
	started   func(pid int)
}

// run starts the program, and returns when it and its process group are gone.
func (c *command) run(ctx context.Context) error {
	grace, cancel := sandbox.Grace(ctx)
	defer cancel()
	cmd, err := c.prepare()
	if err != nil {
		return &startError{err}
	}
	output, err := c.output(cmd)
	if err != nil {
		return &startError{err}
	}
	if c.socket != nil {
		release, err := c.handOver(cmd)
		if err != nil {
			output(0)
			return &startError{fmt.Errorf("hand over the listener: %w", err)}
		}
		defer release()
	}
	exited := make(chan error, 1)
	begun := make(chan error, 1)
	go superviseProcess(cmd, begun, exited)
	if err := <-begun; err != nil {
		output(0)
		return &startError{err}
	}
	c.started(cmd.Process.Pid)

	stopped := ctx.Done()
	killed, wait := grace.Done(), outputWait
	for {
		select {
		case <-stopped:
			stopped = nil
			signalGroup(cmd.Process, c.stopSignal())
		case <-killed:
			killed, wait = nil, settle/5 // else it would be given up for its output
			killGroup(cmd.Process)
		case err := <-exited:
			endGroup(cmd.Process)
			output(wait)
			return c.result(err, ctx.Err() != nil)
		}
	}
}

// exec runs the program to its end, and kills it when ctx ends before.
func (c *command) exec(ctx context.Context, output io.Writer) error {
	cmd, err := c.prepare()
	if err != nil {
		return err
	}
	cmd.Stdout, cmd.Stderr, cmd.WaitDelay = output, output, outputWait
	exited := make(chan error, 1)
	begun := make(chan error, 1)
	go superviseProcess(cmd, begun, exited)
	if err := <-begun; err != nil {
		return err
	}
	select {
	case err = <-exited:
	case <-ctx.Done():
		killGroup(cmd.Process)
		err = <-exited
	}
	endGroup(cmd.Process)
	if errors.Is(err, exec.ErrWaitDelay) { // it has exited with 0, and left somebody who holds its output
		return nil
	}
	return c.result(err, false)
}

func (c *command) stopSignal() os.Signal {
	if c.container.StopSignal != nil {
		return c.container.StopSignal
	}
	return syscall.SIGTERM
}

// prepare finds the program, so that one that is not there is an error of ours
// and not a shell's.
func (c *command) prepare() (*exec.Cmd, error) {
	args := c.container.Command
	name := args[0]
	if strings.ContainsRune(name, os.PathSeparator) && !filepath.IsAbs(name) {
		name = filepath.Join(c.dir, name) // as the program itself would see it
	}
	path, err := exec.LookPath(name)
	if err != nil {
		return nil, err
	}
	if c.socket != nil {
		args = activated(path, args[1:])
		path = args[0]
	}
	cmd := &exec.Cmd{
		Path: path, Args: append([]string(nil), args...), Dir: c.dir,
		Env:         append(append(inherited(), c.env...), c.container.Env...),
		SysProcAttr: processAttributes(),
	}
	return cmd, nil
}

// inherited is the environment without the listeners that this process was handed
// itself: a Command has its own or none.
func inherited() []string {
	return slices.DeleteFunc(os.Environ(), func(e string) bool {
		return strings.HasPrefix(e, "LISTEN_FDS=") || strings.HasPrefix(e, "LISTEN_PID=") || strings.HasPrefix(e, "LISTEN_FDNAMES=")
	})
}

// output connects standard output and error. The function it returns waits until
// all of it was taken; a process that left the group may hold it open for a
// moment longer, not for ever.
func (c *command) output(cmd *exec.Cmd) (taken func(within time.Duration), err error) {
	if c.container.Output != "" {
		f, err := openOutput(c.root, c.container.Output)
		if err != nil {
			return nil, fmt.Errorf("open output: %w", err)
		}
		cmd.Stdout, cmd.Stderr = f, f
		return func(time.Duration) { f.Close() }, nil
	}
	var readers sync.WaitGroup
	var ends []*os.File // ours: the read ends first
	for _, stream := range []struct {
		name string
		to   *io.Writer
	}{{"stdout", &cmd.Stdout}, {"stderr", &cmd.Stderr}} {
		r, w, err := os.Pipe()
		if err != nil {
			closeAll(ends)
			return nil, err
		}
		*stream.to = w
		ends = append(ends, r, w)
		readers.Add(1)
		go func() {
			defer readers.Done()
			logLines(r, c.logger.With("stream", stream.name))
		}()
	}
	return func(within time.Duration) {
		ends[1].Close()
		ends[3].Close()
		for _, r := range []*os.File{ends[0], ends[2]} {
			r.SetReadDeadline(time.Now().Add(within))
		}
		readers.Wait()
		closeAll(ends)
	}, nil
}

// openOutput opens a regular file to append to. Anything else, such as a named
// pipe, could hold the start up.
func openOutput(root *os.Root, name string) (*os.File, error) {
	f, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_APPEND|nonBlocking, 0o644)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s is no regular file: %v", name, info.Mode())
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

const (
	outputWait = time.Second // for output after the process group is gone
	lineLimit  = 64 << 10    // of a logged line; a longer one is split
)

func closeAll(files []*os.File) {
	for _, f := range files {
		f.Close()
	}
}

func logLines(r io.Reader, l *slog.Logger) {
	b := bufio.NewReaderSize(r, lineLimit)
	for {
		line, err := b.ReadSlice('\n')
		if text := strings.TrimRight(string(line), "\r\n"); text != "" || err == nil {
			l.Info(text)
		}
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			return
		}
	}
}

// handOver gives the listener to cmd by the socket activation protocol. release
// takes it back, so that connections wait for the next run.
func (c *command) handOver(cmd *exec.Cmd) (release func(), err error) {
	lease := c.socket.lease()
	f, err := listenerFile(c.socket.base)
	if err != nil {
		lease.Close()
		return nil, err
	}
	c.leased(lease)
	c.socket.resetStashed() // they can't be handed over, and had waited too long before
	cmd.ExtraFiles = []*os.File{f}
	cmd.Env = append(cmd.Env, "LISTEN_FDS=1", "LISTEN_FDNAMES="+c.container.Name)
	return func() {
		f.Close()
		unblock(c.socket.base)
		lease.Close()
	}, nil
}

// result makes a process's end the container's.
func (c *command) result(err error, told bool) error {
	var exit *exec.ExitError
	if err == nil || !errors.As(err, &exit) {
		return err
	}
	return &commandError{
		code:   exitCode(exit),
		asTold: told && diedOf(exit, c.stopSignal()),
		err:    fmt.Errorf("%s: %w", c.container.Command[0], exit),
	}
}
