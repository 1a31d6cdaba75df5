//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/podpatterns/podpatterns/adapter/metrics/statsd"
)

// child is the program as a receiver.
func child(args []string) bool {
	if len(args) != 2 {
		return false
	}
	switch args[0] {
	case "bare", "bare4":
		at, err := net.ResolveUDPAddr("udp", args[1])
		c, lerr := net.ListenUDP("udp", at)
		if err := errors.Join(err, lerr); err != nil {
			panic(err)
		}
		if args[0] == "bare4" {
			c.SetReadBuffer(4 << 20)
		}
		buf := make([]byte, 65536)
		for n := 0; ; n++ {
			if _, _, err := c.ReadFromUDPAddrPort(buf); err != nil {
				panic(err)
			}
		}
	case "ours":
		panic((&statsd.Source{UDP: args[1]}).Run(context.Background()))
	}
	return false
}

// A contender is a receiver.
type contender struct {
	name    string
	command func(udp string) []string
}

func contenders(dir, only string) (all []contender, err error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	wants := func(name string) bool { return only == "" || strings.Contains(","+only+",", ","+name+",") }
	for _, c := range [][2]string{{"bare", "bare"}, {"bare 4 MiB", "bare4"}, {"podpatterns", "ours"}} {
		if wants(c[0]) {
			all = append(all, contender{c[0], func(udp string) []string { return []string{self, c[1], udp} }})
		}
	}
	if name := "statsd_exporter"; wants(name) {
		binary := filepath.Join(dir, name)
		if out, err := exec.Command("go", "build", "-o", binary, "github.com/prometheus/statsd_exporter").CombinedOutput(); err != nil {
			return nil, fmt.Errorf("go build: %w: %s", err, out)
		}
		all = append(all, contender{name, func(udp string) []string {
			return []string{binary, "--statsd.listen-udp=" + udp, "--statsd.listen-tcp=", "--web.listen-address=127.0.0.1:0", "--log.level=error"}
		}})
		all = append(all, contender{name + " 4 MiB", func(udp string) []string {
			return []string{binary, "--statsd.listen-udp=" + udp, "--statsd.listen-tcp=", "--web.listen-address=127.0.0.1:0", "--log.level=error", "--statsd.read-buffer=4194304"}
		}})
	}
	if binary, err := exec.LookPath("collectd"); err == nil && wants("collectd") {
		all = append(all, contender{"collectd", func(udp string) []string {
			host, port, _ := net.SplitHostPort(udp)
			conf := filepath.Join(dir, "collectd.conf")
			text := fmt.Sprintf("BaseDir %q\nInterval 10\nLoadPlugin statsd\n<Plugin statsd>\nHost %q\nPort %q\n</Plugin>\n", dir, host, port)
			os.WriteFile(conf, []byte(text), 0o600)
			return []string{binary, "-f", "-C", conf, "-P", filepath.Join(dir, "pid")}
		}})
	}
	return all, nil
}

// measure starts the contender, and has it do a scenario.
func (c contender) measure(s scenario, each time.Duration) (float64, error) {
	free, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	at := free.LocalAddr().String()
	free.Close()
	args := c.command(at)
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	defer func() {
		cmd.Process.Kill()
		cmd.Wait()
	}()
	_, text, _ := net.SplitHostPort(at)
	port, _ := strconv.Atoi(text)
	for range 1000 {
		if _, err := dropped(port); err == nil {
			return s.run(at, port, cmd.Process.Pid, s, each)
		}
		time.Sleep(10 * time.Millisecond)
	}
	return 0, errors.New("does not listen")
}
