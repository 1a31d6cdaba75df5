//go:build !linux

package sockets

import "net"

// CanSplice is false: only Linux has splice(2).
func CanSplice(dst, src net.Conn) bool { return false }

// SourceBroke is not asked where nothing is spliced.
func SourceBroke(dst, src net.Conn, err error) bool { return true }

// Inspect tells nothing.
func Inspect(net.Conn) State { return State{} }
