package podtest

import (
	"fmt"
	"net"
	"os"
	"sync"
	"time"
)

// occupy gives the run more to do than it can finish, until release is called.
func (r *run) occupy() (release func()) {
	r.Helper()
	if r.lease != nil {
		return r.hold()
	}
	release = r.feed()
	within(r.limits.settle, r.done)
	r.isUp()
	return release
}

// hold opens connections that stay open: idle ones, and ones on which half of a
// request was sent.
func (r *run) hold() (release func()) {
	r.Helper()
	var conns []net.Conn
	for i := range 4 {
		c := r.dial()
		if i%2 == 1 {
			c.Write([]byte(request[:requestHalf]))
		}
		conns = append(conns, c)
	}
	r.accepted(conns[0])
	for _, c := range conns[1:] { // a block may limit how many it takes
		within(r.limits.settle, r.lease.arrival(c))
	}
	return func() {
		for _, c := range conns {
			c.Close()
		}
	}
}

// feed writes log lines under the root, as a busy main container does, until stop
// is called.
func (t *trial) feed() (stop func()) {
	t.Helper()
	quit := make(chan struct{})
	var writers sync.WaitGroup
	t.root.Mkdir("logs", 0o777)
	for _, name := range []string{"podtest.log", "logs/podtest.log"} {
		f, err := t.root.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o666)
		if err != nil {
			t.Fatal(err)
		}
		writers.Go(func() { writeLines(f, quit) })
	}
	stop = sync.OnceFunc(func() {
		close(quit)
		writers.Wait()
	})
	t.Cleanup(stop)
	return stop
}

func writeLines(f *os.File, quit <-chan struct{}) {
	defer f.Close()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for n := 0; ; n++ {
		select {
		case <-quit:
			return
		case <-tick.C:
			fmt.Fprintf(f, "line %d of podtest\n", n)
		}
	}
}
