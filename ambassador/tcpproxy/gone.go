package tcpproxy

import "time"

// goneAfter keeps a dial that is quick from the cost of looking out.
const goneAfter = 20 * time.Millisecond

var longAgo = time.Unix(1, 0)

// lookOut ends p if its client goes while its upstream is dialled, where the
// system can tell. A client that has closed its half may still want its answer.
func (p *pair) lookOut() (stop func()) {
	c := socket(p.client)
	if !tellsGone(c) {
		return func() {}
	}
	looked := make(chan struct{})
	look := time.AfterFunc(goneAfter, func() {
		defer close(looked)
		if awaitGone(c) {
			p.end(clientReset)
		}
	})
	return func() {
		if look.Stop() {
			return
		}
		c.SetReadDeadline(longAgo)
		<-looked
		c.SetReadDeadline(time.Time{})
	}
}
