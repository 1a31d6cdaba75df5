package tcpproxy

import (
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
)

// maxHello bounds what is read of a client until its ClientHello is whole. Those
// of browsers are less than 2 KiB.
const maxHello = 64 << 10

// readHello returns the server name of the ClientHello that c begins with, and
// the bytes that were read for it. crypto/tls parses it, with a handshake that is
// given up as soon as it has.
func readHello(c net.Conn) (name string, read []byte, err error) {
	r := &recorder{Conn: c}
	err = tls.Server(r, &tls.Config{
		GetConfigForClient: func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
			name = hello.ServerName
			return nil, errHello
		},
	}).Handshake()
	if errors.Is(err, errHello) {
		return name, r.read.Bytes(), nil
	}
	return "", nil, fmt.Errorf("after %d bytes of a ClientHello: %w", r.read.Len(), err)
}

var errHello = errors.New("the ClientHello is whole")

// A recorder keeps what is read, and sends nothing.
type recorder struct {
	net.Conn
	read bytes.Buffer
}

func (r *recorder) Read(b []byte) (int, error) {
	left := maxHello - r.read.Len()
	if left == 0 {
		return 0, fmt.Errorf("more than %d bytes", maxHello)
	}
	n, err := r.Conn.Read(b[:min(len(b), left)])
	r.read.Write(b[:n])
	if n > 0 && err == io.EOF {
		err = nil // it comes again
	}
	return n, err
}

// Write drops the alert that ends the handshake.
func (r *recorder) Write(b []byte) (int, error) { return len(b), nil }
