package main

import (
	"fmt"
	"os/exec"
	"syscall"

	"github.com/podpatterns/podpatterns/adapter/metrics"
	"github.com/podpatterns/podpatterns/pod"
)

// nginx is the web server as a program. It inherits its socket from the pod, so
// that nobody is refused while it restarts: nginx itself has a way to hand its
// sockets to its successor, the environment variable NGINX with their numbers.
// At SIGQUIT it answers what it has accepted before it ends.
var nginx = pod.Container{
	Name:       "web",
	Command:    []string{"sh", "-c", nginxScript},
	Listen:     "127.0.0.1:0",
	Env:        []string{"NGINX=3;"},
	StopSignal: syscall.SIGQUIT,
}

// nginxScript writes the configuration before each start, because only then the
// addresses are known. Started by root, nginx's workers would become somebody to
// whom the directory is closed.
const nginxScript = `
cat >nginx.conf <<END
$([ $(id -u) -ne 0 ] || echo "user root $(id -gn);")
daemon off;
pid nginx.pid;
error_log stderr;
events {}
http {
	access_log logs/access.log;
	client_header_timeout 5s;
	client_body_temp_path temp;
	proxy_temp_path temp;
	fastcgi_temp_path temp;
	uwsgi_temp_path temp;
	scgi_temp_path temp;
	server {
		listen ${POD_ADDR_WEB:?};
		root site;
		location / { auth_request /may-enter; }
		location = /may-enter { internal; proxy_pass http://${POD_ADDR_BACKEND:?is not set, the ambassador does not run}; }
	}
}
END
exec nginx -e stderr -p "$PWD" -c nginx.conf
`

// reopenLog has nginx open its access log anew, after it was renamed.
func reopenLog(dir string) error {
	out, err := exec.Command("nginx", "-e", "stderr", "-p", dir, "-c", "nginx.conf", "-s", "reopen").CombinedOutput()
	if err != nil {
		return fmt.Errorf("nginx -s reopen: %w: %s", err, out)
	}
	return nil
}

// nginxProcesses measures nginx's master and its workers, which do the work.
var nginxProcesses = &metrics.Process{Container: "web", Children: true}

// guard has nginx's workers killed if this process is. The kernel sees to the
// process that the pod started, and no further. The shell notices by the end of
// its standard input.
func guard(dir string) (release func(), err error) {
	sh := exec.Command("sh", "-c", `trap "" HUP INT QUIT TERM; read -r _ || kill -KILL "-$(cat nginx.pid)"`)
	sh.Dir = dir
	input, err := sh.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := sh.Start(); err != nil {
		return nil, err
	}
	return func() {
		fmt.Fprintln(input, "done")
		sh.Wait()
	}, nil
}
