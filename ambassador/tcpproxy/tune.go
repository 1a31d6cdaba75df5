package tcpproxy

import "net"

// tune sets what the fields say of c, where it is of TCP. A failure means that c
// is broken, which reading from it tells as well.
func (p *Proxy) tune(c net.Conn) {
	if p.KeepAlive == 0 && p.UserTimeout == 0 {
		return
	}
	tcp, ok := socket(c).(*net.TCPConn)
	if !ok {
		return
	}
	if p.KeepAlive != 0 {
		tcp.SetKeepAliveConfig(net.KeepAliveConfig{Enable: p.KeepAlive > 0, Idle: p.KeepAlive, Interval: p.KeepAlive})
	}
	if p.UserTimeout > 0 {
		setUserTimeout(tcp, p.UserTimeout)
	}
}
