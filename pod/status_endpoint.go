package pod

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/podpatterns/podpatterns/pod/internal/web"
)

const (
	endpointDrain = 250 * time.Millisecond // what its last answers may add to the pod's end
	maxConns      = 128                    // of the status endpoint; more are closed
)

// An endpoint serves StatusListen from before anything starts until everything
// has ended. A nil one is off.
type endpoint struct {
	listener net.Listener
	server   *http.Server
	served   chan struct{} // closed when it serves no more; nil before it serves
}

// openEndpoint opens StatusListen. RunContainer leaves it closed: the processes of
// a pod share one loopback, and all but one would find the address in use.
func (r *run) openEndpoint(ctx context.Context, problems *problems) {
	listen := r.pod.StatusListen
	if listen == "" || r.alone != "" || problems.about("StatusListen") {
		return
	}
	l, err := r.listen(ctx, listen)
	if err != nil {
		problems.add("StatusListen", listen, "can't be opened for the status: %w", err)
		return
	}
	host := ""
	if !strings.HasPrefix(listen, "unix:") {
		host, _, _ = net.SplitHostPort(listen)
	}
	log := r.pod.logger().With("pod", r.pod.name(), "serving", "status")
	r.endpoint = &endpoint{listener: l, server: &http.Server{
		Handler:                      web.Harden(web.OnlyHosts(http.HandlerFunc(r.pod.serve), host)),
		ReadTimeout:                  10 * time.Second,
		WriteTimeout:                 30 * time.Second,
		IdleTimeout:                  time.Minute,
		MaxHeaderBytes:               16 << 10,
		DisableGeneralOptionsHandler: true,
		ErrorLog:                     slog.NewLogLogger(log.Handler(), slog.LevelWarn),
		ConnState:                    limitConns(maxConns),
	}}
}

// limitConns closes connections on top of limit as they come.
func limitConns(limit int64) func(net.Conn, http.ConnState) {
	var open atomic.Int64
	return func(c net.Conn, state http.ConnState) {
		switch state {
		case http.StateNew:
			if open.Add(1) > limit {
				c.Close()
			}
		case http.StateClosed, http.StateHijacked:
			open.Add(-1)
		}
	}
}

func (e *endpoint) start() {
	if e != nil {
		e.served = make(chan struct{})
		go e.serve()
	}
}

func (e *endpoint) serve() {
	defer close(e.served)
	if err := e.server.Serve(e.listener); !errors.Is(err, http.ErrServerClosed) {
		e.server.ErrorLog.Print(err)
	}
}

// close has the event streams send what they have yet to, and cuts what takes
// longer.
func (e *endpoint) close() error {
	if e == nil {
		return nil
	}
	if e.served == nil {
		return e.listener.Close()
	}
	ctx, cancel := context.WithTimeout(context.Background(), endpointDrain)
	defer cancel()
	err := e.server.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		err = e.server.Close()
	}
	<-e.served
	return err
}

// address is where it listens, as StatusListen takes it.
func (e *endpoint) address() string {
	if e == nil {
		return ""
	}
	return addressText(e.listener.Addr())
}

// publish gives an event to the streams, which keep it: its message is cut as a
// termination message is (K39).
func (p *Pod) publish(e Event) {
	if len(e.Message) > messageLimit {
		e.Message = strings.ToValidUTF8(e.Message[:messageLimit], "")
	}
	p.events.Publish(e)
}
