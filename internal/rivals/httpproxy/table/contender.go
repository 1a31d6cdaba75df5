//go:build linux

package main

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"

	"github.com/podpatterns/podpatterns/internal/rivals/contest"
)

var contenders = []contest.Contender{
	{Name: contest.Direct, Not: []string{overH2}},
	{Name: "HAProxy", Program: "haproxy", Version: []string{"-v"}, Command: haproxy},
	{Name: "nginx", Program: "nginx", Version: []string{"-v"}, Command: nginx},
	{Name: "fasthttp", Command: contest.Ourselves("fasthttp"), Not: []string{overH2}},
	{Name: "ReverseProxy tuned", Command: contest.Ourselves("tuned")},
	{Name: "ReverseProxy", Command: contest.Ourselves("default")},
	{Name: "Caddy", Program: "caddy", Version: []string{"version"}, Command: caddy},
	{Name: "httpproxy", Command: contest.Ourselves("httpproxy")},
}

func haproxy(dir, listen, backend, _ string) ([]string, error) {
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
func nginx(dir, listen, backend, scenario string) ([]string, error) {
	file := filepath.Join(dir, "nginx.conf")
	if scenario == overH2 {
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

func caddy(dir, listen, backend, _ string) ([]string, error) {
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
