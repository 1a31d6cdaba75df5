//go:build linux

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/podpatterns/podpatterns/internal/rivals/contest"
)

var contenders = []contest.Contender{
	{Name: contest.Direct},
	{Name: "HAProxy", Program: "haproxy", Version: []string{"-v"}, Command: haproxy("")},
	{Name: "HAProxy splice", Program: "haproxy", Command: haproxy("option splice-auto")},
	{Name: "nginx", Program: "nginx", Needs: nginxStream, Version: []string{"-v"}, Command: nginx},
	{Name: "inetaf/tcpproxy", Command: contest.Ourselves("inetaf"), Hungry: true},
	{Name: "io.Copy", Command: contest.Ourselves("iocopy"), Hungry: true},
	{Name: "tcpproxy", Command: contest.Ourselves("tcpproxy")},
}

const nginxStream = "/usr/lib/nginx/modules/ngx_stream_module.so" // Debian's

func haproxy(option string) func(dir, listen, backend, scenario string) ([]string, error) {
	return func(dir, listen, backend, _ string) ([]string, error) {
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

func nginx(dir, listen, backend, _ string) ([]string, error) {
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
