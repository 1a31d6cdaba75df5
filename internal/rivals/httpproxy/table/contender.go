//go:build linux

package main

import (
	"fmt"
	"net"
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
	command func(dir string, listen, backend string, h2 bool) ([]string, error)
	h1      bool // it has no HTTP/2
}

var known = []contender{
	{name: contest.Direct, h1: true},
	{name: "HAProxy", program: "haproxy", command: haproxy},
	{name: "nginx", program: "nginx", command: nginx},
	{name: "fasthttp", command: ourselves("fasthttp"), h1: true},
	{name: "ReverseProxy tuned", command: ourselves("tuned")},
	{name: "ReverseProxy", command: ourselves("default")},
	{name: "Caddy", program: "caddy", command: caddy},
	{name: "httpproxy", command: ourselves("httpproxy")},
}

// contenders returns those that are installed, of only where that is not empty.
func contenders(only []string) (all []contender, missing []string) {
	for _, c := range known {
		if len(only) > 0 && c.name != contest.Direct && !slices.Contains(only, c.name) {
			continue
		}
		if c.program != "" {
			if _, err := exec.LookPath(c.program); err != nil {
				missing = append(missing, c.name)
				continue
			}
		}
		all = append(all, c)
	}
	if _, err := exec.LookPath("h2load"); err != nil {
		missing = append(missing, "h2load")
	}
	return all, missing
}

func ourselves(role string) func(dir, listen, backend string, h2 bool) ([]string, error) {
	return func(dir, listen, backend string, _ bool) ([]string, error) {
		return []string{filepath.Join(filepath.Dir(dir), "table"), role, listen, backend}, nil
	}
}

func haproxy(dir, listen, backend string, _ bool) ([]string, error) {
	file := filepath.Join(dir, "haproxy.cfg")
	return []string{"haproxy", "-db", "-f", file}, os.WriteFile(file, fmt.Appendf(nil, `global
	maxconn %d
	nbthread %d
defaults
	mode http
	http-reuse always
	timeout connect 5s
	timeout client 10m
	timeout server 10m
frontend front
	bind %s backlog 4096
	default_backend back
backend back
	server one %s
`, contest.Capacity(), runtime.NumCPU(), listen, backend), 0o644)
}

// nginx has HTTP/2 in the clear only at a listener of its own.
func nginx(dir, listen, backend string, h2 bool) ([]string, error) {
	file := filepath.Join(dir, "nginx.conf")
	if h2 {
		listen += " http2"
	}
	return []string{"nginx", "-e", "stderr", "-p", dir, "-c", file, "-g", "daemon off;"}, os.WriteFile(file, fmt.Appendf(nil, `worker_processes %d;
worker_rlimit_nofile %d;
pid %s;
error_log /dev/null crit;
events { worker_connections %d; }
http {
	access_log off;
	client_body_temp_path b;
	proxy_temp_path p;
	fastcgi_temp_path f;
	uwsgi_temp_path u;
	scgi_temp_path s;
	keepalive_requests 1000000000;
	keepalive_timeout 10m;
	upstream back { server %s; keepalive 512; keepalive_requests 1000000000; }
	server {
		listen %s backlog=4096 reuseport;
		location / { proxy_pass http://back; proxy_http_version 1.1; proxy_set_header Connection ""; }
	}
}
`, runtime.NumCPU(), 2*contest.Capacity()+50, filepath.Join(dir, "nginx.pid"), 2*contest.Capacity()+50, backend, listen), 0o644)
}

func caddy(dir, listen, backend string, _ bool) ([]string, error) {
	file := filepath.Join(dir, "Caddyfile")
	_, port, _ := net.SplitHostPort(listen)
	return []string{"env", "HOME=" + dir, "XDG_CONFIG_HOME=" + dir, "XDG_DATA_HOME=" + dir, "caddy", "run", "--adapter", "caddyfile", "--config", file},
		os.WriteFile(file, fmt.Appendf(nil, `{
	admin off
	auto_https off
	log {
		level ERROR
	}
	servers {
		protocols h1 h2 h2c
	}
}
http://:%s {
	bind 127.0.0.1
	reverse_proxy %s {
		transport http {
			keepalive_idle_conns_per_host 512
			compression off
		}
	}
}
`, port, backend), 0o644)
}

// versions says what was measured.
func versions(all []contender) (list []string) {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, m := range info.Deps {
			if strings.HasSuffix(m.Path, "/fasthttp") {
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
		case "Caddy":
			out, _ = exec.Command("caddy", "version").Output()
			out = append([]byte("Caddy "), out...)
		}
		if first, _, _ := strings.Cut(string(out), "\n"); first != "" {
			list = append(list, first)
		}
	}
	return list
}
