//go:build !linux

package tcpproxy

import (
	"net"
	"time"
)

func setUserTimeout(*net.TCPConn, time.Duration) {}
