//go:build linux

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/podpatterns/podpatterns/internal/rivals/contest"
)

// A contender is a proxy that can be started as a process of its own.
type contender struct {
	name    string
	program string // "" is this one
	command func(dir string, listen, backend string) ([]string, error)
	hungry  bool // holds a pipe of two descriptors for each direction besides
}

var known = []contender{
	{name: contest.Direct},
	{name: "HAProxy", program: "haproxy", command: haproxy("")},
	{name: "HAProxy splice", program: "haproxy", command: haproxy("option splice-auto")},
	{name: "nginx", program: "nginx", command: nginx},
	{name: "inetaf/tcpproxy", command: ourselves("inetaf"), hungry: true},
	{name: "io.Copy", command: ourselves("iocopy"), hungry: true},
	{name: "tcpproxy", command: ourselves("tcpproxy")},
}

const nginxStream = "/usr/lib/nginx/modules/ngx_stream_module.so" // Debian's

// contenders returns those that are installed, of only where that is not empty.
func contenders(only []string) (all []contender, missing []string) {
	for _, c := range known {
		if len(only) > 0 && c.name != contest.Direct && !slices.Contains(only, c.name) {
			continue
		}
		if c.program != "" {
			_, err := exec.LookPath(c.program)
			if err == nil && c.program == "nginx" {
				_, err = os.Stat(nginxStream)
			}
			if err != nil {
				missing = append(missing, c.name)
				continue
			}
		}
		all = append(all, c)
	}
	return all, missing
}

func ourselves(role string) func(dir, listen, backend string) ([]string, error) {
	return func(dir, listen, backend string) ([]string, error) {
		return []string{filepath.Join(filepath.Dir(dir), "table"), role, listen, backend}, nil
	}
}

func haproxy(option string) func(dir, listen, backend string) ([]string, error) {
	return func(dir, listen, backend string) ([]string, error) {
		file := filepath.Join(dir, "haproxy"+strings.ReplaceAll(option, " ", "-")+".cfg")
		return []string{"haproxy", "-db", "-f", file}, os.WriteFile(file, fmt.Appendf(nil, `global
	maxconn %d
	nbthread %d
	maxpipes 400
defaults
	mode tcp
	timeout connect 5s
	timeout client 10m
	timeout server 10m
	%s
frontend front
	bind %s backlog 4096
	default_backend back
backend back
	server one %s
`, contest.Capacity(), runtime.NumCPU(), option, listen, backend), 0o644)
	}
}

func nginx(dir, listen, backend string) ([]string, error) {
	file := filepath.Join(dir, "nginx.conf")
	return []string{"nginx", "-e", "stderr", "-p", dir, "-c", file, "-g", "daemon off;"}, os.WriteFile(file, fmt.Appendf(nil, `load_module %s;
worker_processes %d;
worker_rlimit_nofile %d;
pid %s;
error_log /dev/null crit;
events { worker_connections %d; }
stream {
	server {
		listen %s backlog=4096 reuseport;
		proxy_pass %s;
		proxy_timeout 10m;
	}
}
`, nginxStream, runtime.NumCPU(), 2*contest.Capacity()+50, filepath.Join(dir, "nginx.pid"), 2*contest.Capacity()+50, listen, backend), 0o644)
}

// versions says what was measured.
func versions(all []contender) (list []string) {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, m := range info.Deps {
			if strings.HasSuffix(m.Path, "/tcpproxy") {
				list = append(list, m.Path+" "+m.Version)
			}
		}
	}
	for _, c := range all {
		var out []byte
		switch c.name {
		case "HAProxy":
			out, _ = exec.Command("haproxy", "-v").Output()
		case "nginx":
			out, _ = exec.Command("nginx", "-v").CombinedOutput()
		}
		if first, _, _ := strings.Cut(string(out), "\n"); first != "" {
			list = append(list, first)
		}
	}
	return list
}
