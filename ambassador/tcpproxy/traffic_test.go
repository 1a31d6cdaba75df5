package tcpproxy

import (
	"bytes"
	"fmt"
	"io"
	"net"
)

// echoAll answers each connection with what it sent.
func echoAll(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			defer c.Close()
			io.Copy(c, c)
		}()
	}
}

var message = bytes.Repeat([]byte("64 bytes"), 8)

// roundTrip has a message echoed over a connection of its own.
func roundTrip(addr string) error {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		return err
	}
	defer c.Close()
	if _, err := c.Write(message); err != nil {
		return err
	}
	if err := c.(*net.TCPConn).CloseWrite(); err != nil {
		return err
	}
	got, err := io.ReadAll(c)
	if err == nil && !bytes.Equal(got, message) {
		err = fmt.Errorf("%d bytes instead of %d", len(got), len(message))
	}
	return err
}
