//go:build !linux

package tcpproxy

import "net"

func tellsGone(net.Conn) bool { return false }

func awaitGone(net.Conn) bool { return false }
