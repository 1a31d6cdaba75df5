package main

import (
	"context"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/podpatterns/podpatterns/pod"
	"github.com/podpatterns/podpatterns/pod/sandbox"
)

// serveFiles is the web server as a part of this process: it serves the site to
// whom the backend lets in, and logs each request.
func serveFiles(ctx context.Context, env pod.Env) error {
	files, err := fs.Sub(env.Root.FS(), site)
	if err != nil {
		return err
	}
	s := &server{files: http.FileServerFS(files), root: env.Root}
	s.backend.Transport = &http.Transport{DialContext: dialContainer}
	defer s.backend.CloseIdleConnections()
	return sandbox.ServeHTTP(ctx, env.Listener, &http.Server{Handler: s})
}

// dialContainer takes the host of an address for the name of a container.
func dialContainer(ctx context.Context, _, address string) (net.Conn, error) {
	name, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	a, err := sandbox.Addr(ctx, name)
	if err != nil {
		return nil, err
	}
	return sandbox.Dial(ctx, a.Network(), a.String())
}

type server struct {
	files   http.Handler
	root    *os.Root
	backend http.Client
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a := &answer{ResponseWriter: w, status: http.StatusOK}
	if err := s.mayEnter(r); err != nil {
		http.Error(a, err.Error(), http.StatusBadGateway)
	} else {
		s.files.ServeHTTP(a, r)
	}
	if err := s.log(a, r); err != nil {
		sandbox.Logger(r.Context()).Error("access log", "err", err)
	}
}

func (s *server) mayEnter(r *http.Request) error {
	ask, err := http.NewRequestWithContext(r.Context(), http.MethodGet, "http://backend/", nil)
	if err != nil {
		return err
	}
	says, err := s.backend.Do(ask)
	if err != nil {
		return err
	}
	says.Body.Close()
	if says.StatusCode/100 != 2 {
		return fmt.Errorf("the backend says %s", says.Status)
	}
	return nil
}

// log appends a line in the combined log format. It opens the file each time, so
// that renaming it is all that a rotation takes.
func (s *server) log(a *answer, r *http.Request) error {
	f, err := s.root.OpenFile(accessLog, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
	if err != nil {
		return err
	}
	defer f.Close()
	from, _, _ := net.SplitHostPort(r.RemoteAddr)
	_, err = fmt.Fprintf(f, "%s - - [%s] %q %d %d %q %q\n",
		from, time.Now().Format("02/Jan/2006:15:04:05 -0700"), r.Method+" "+r.RequestURI+" "+r.Proto,
		a.status, a.size, r.Referer(), r.UserAgent())
	return err
}

// An answer is what the access log tells of it.
type answer struct {
	http.ResponseWriter
	status, size int
}

func (a *answer) WriteHeader(status int) {
	a.status = status
	a.ResponseWriter.WriteHeader(status)
}

func (a *answer) Write(b []byte) (int, error) {
	n, err := a.ResponseWriter.Write(b)
	a.size += n
	return n, err
}
