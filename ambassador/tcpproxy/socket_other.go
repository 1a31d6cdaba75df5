//go:build !linux

package tcpproxy

import (
	"net"
	"time"
)

func canSplice(dst, src net.Conn) bool { return false }

func brokenSource(dst, src net.Conn, err error) bool { return true }

func inspect(net.Conn) socketState { return socketState{} }

func setUserTimeout(*net.TCPConn, time.Duration) {}
