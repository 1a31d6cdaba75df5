package podtest

import (
	"bufio"
	"io"
	"net/http"
	"strings"
	"time"
)

// listenerClosedFirst: what connects after the stop waits for the next run, so l
// is closed before anything is waited for.
func listenerClosedFirst(t *trial) {
	r := busy(t, t.limits.long)
	r.cancel()
	if within(t.limits.prompt, r.lease.closed) {
		return
	}
	how := "it has not, and connections are open that it may be waiting for"
	if isDone(r.done) {
		how = "it has not, and " + r.outcome()
	}
	t.Fatalf("%s must close its listener as soon as its ctx is done, before it waits for what is in flight: %v later %s", r.name, t.limits.prompt, how)
}

const (
	request     = "GET / HTTP/1.1\r\nHost: podtest\r\nConnection: close\r\n\r\n"
	requestHalf = len("GET / HTTP/1.1\r\nHost: pod")
	requestLine = len("GET / HTTP/1.1\r\nHost: podtest\r\n") // where one that goes by lines may end
)

// workIsFinished: a request that is half sent when ctx is done, on a connection
// that was accepted, is answered like any other.
func workIsFinished(t *trial) {
	r := t.start(t.block.new(), t.limits.long)
	r.up()
	before := ask(r, t.limits.settle*10, func() {})
	if before == unknown {
		t.Logf("%s does not answer or echo an HTTP request, so this test does not know what its work is", r.name)
		return
	}
	after := ask(r, t.limits.patience, func() {
		r.cancel()
		within(t.limits.prompt, r.lease.closed)
		within(t.limits.settle, r.done) // who cuts connections has done so by now
	})
	if after != before {
		t.Fatalf("%s must finish what it has taken: a request was half sent on an accepted connection when ctx was done, and the rest of it %v later. Before, such a request was %v, and now %v",
			r.name, t.limits.settle, before, after)
	}
}

// An answer is what becomes of a request.
type answer string

const (
	unknown  answer = "not answered whole" // or in another protocol
	answered answer = "answered"
	echoed   answer = "echoed"
)

// ask sends a request in two halves, calls between in the middle, and reads what
// comes back within limit.
func ask(r *run, limit time.Duration, between func()) answer {
	r.Helper()
	c := r.dial()
	defer c.Close()
	io.WriteString(c, request[:requestHalf])
	r.accepted(c)
	between()
	io.WriteString(c, request[requestHalf:])
	c.SetReadDeadline(time.Now().Add(limit))
	return readAnswer(c)
}

func readAnswer(c io.Reader) answer {
	in := bufio.NewReader(c)
	start, _ := in.Peek(len("HTTP/"))
	switch {
	case string(start) == "HTTP/":
		resp, err := http.ReadResponse(in, nil)
		if err != nil {
			return unknown
		}
		defer resp.Body.Close()
		if _, err := io.Copy(io.Discard, resp.Body); err != nil {
			return unknown
		}
		return answered
	case len(start) > 0 && strings.HasPrefix(request, string(start)):
		line := make([]byte, requestLine)
		if _, err := io.ReadFull(in, line); err != nil || string(line) != request[:requestLine] {
			return unknown
		}
		return echoed
	}
	return unknown
}

// noListener: an adapter without a listener pushes, or says that it needs one.
func noListener(t *trial) {
	r := t.prepare(t.block.new(), t.limits.long)
	r.lease.Listener.Close()
	r.lease = nil
	r.begin()
	if within(2*t.limits.settle, r.done) {
		if r.crash != "" || r.err == nil {
			t.Fatalf("%s with a nil listener must go on, as one that pushes does, or return an error that says it needs one, but it %s", r.name, r.outcome())
		}
		return
	}
	r.cancel()

	r = t.start(t.block.new(), t.limits.grace)
	c := r.dial()
	t.block.listens = within(10*t.limits.settle, r.lease.arrival(c))
	if !t.block.listens && !isDone(r.done) {
		t.Logf("%s accepts nothing, and runs without a listener: it is tested as one that only pushes", r.name)
	}
}
