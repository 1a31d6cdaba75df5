package tcpproxy

// A pair begins on a large stack, for greeting and dialling, which a new goroutine
// would have to grow each time. So those that have begun one wait for the next.

const idleWorkers = 16

type workers struct {
	next chan *pair    // closed when there is none to come
	idle chan struct{} // one is held by each that waits for next
}

func newWorkers() workers {
	return workers{next: make(chan *pair), idle: make(chan struct{}, idleWorkers)}
}

// begin has p served, by a worker that waits if there is one.
func (r *run) begin(p *pair) {
	select {
	case r.workers.next <- p:
	default:
		r.handlers.Go(func() { r.work(p) })
	}
}

func (r *run) work(p *pair) {
	for more := true; more; {
		p.serve()
		select {
		case r.workers.idle <- struct{}{}:
			p, more = <-r.workers.next
			<-r.workers.idle
		default:
			return
		}
	}
}
