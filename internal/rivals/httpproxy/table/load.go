//go:build linux

package main

import (
	"bufio"
	"bytes"
	"fmt"
	"net"
	"os/exec"
	"regexp"
	"strconv"
	"time"

	"github.com/podpatterns/podpatterns/internal/rivals/contest"
)

const (
	smallConns = 64
	bigConns   = 16
	h2Conns    = 8
	h2Streams  = 8
)

const request = "GET /%s HTTP/1.1\r\nHost: example.com\r\nUser-Agent: table\r\nAccept: */*\r\n\r\n"

// A client asks for the same again and again.
type client struct {
	conn    net.Conn
	in      *bufio.Reader
	request []byte
	size    int
}

func newClient(addr, path string, size int) (*client, error) {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	return &client{c, bufio.NewReaderSize(c, min(max(size, 4<<10), 64<<10)), fmt.Appendf(nil, request, path), size}, nil
}

var ok = []byte("HTTP/1.1 200")

// ask is one request. The length of the answer is known.
func (c *client) ask() error {
	if _, err := c.conn.Write(c.request); err != nil {
		return err
	}
	for first := true; ; first = false {
		line, err := c.in.ReadSlice('\n')
		if err != nil {
			return err
		}
		if first && !bytes.HasPrefix(line, ok) {
			return fmt.Errorf("the answer is %q", line)
		}
		if len(line) <= 2 {
			break
		}
	}
	n, err := c.in.Discard(c.size)
	if err == nil && n != c.size {
		err = fmt.Errorf("%d bytes", n)
	}
	return err
}

// asking has n connections ask for path. A unit is what figures are for: a request
// or a GB.
func asking(n int, path string, size int, unit float64) contest.Load {
	return contest.Asking(n, unit, func(addr string) (net.Conn, func() error, error) {
		c, err := newClient(addr, path, size)
		if err != nil {
			return nil, nil, err
		}
		return c.conn, c.ask, nil
	})
}

var (
	finished = regexp.MustCompile(`finished in ([0-9.]+)(m?s), ([0-9.]+) req/s`)
	statuses = regexp.MustCompile(`requests: (\d+) total, \d+ started, \d+ done, (\d+) succeeded, (\d+) failed`)
)

// h2load has the program ask in HTTP/2, by prior knowledge.
func h2load(addr string, d time.Duration) (map[string]float64, error) {
	// As many requests as take about so long: its own -D counts in whole seconds.
	count, rate := 2000, 0.0
	for range 2 {
		out, err := exec.Command("h2load", "-n", strconv.Itoa(count), "-c", strconv.Itoa(h2Conns), "-m", strconv.Itoa(h2Streams), "-t", "1", "http://"+addr+"/small").CombinedOutput()
		if err != nil {
			return nil, fmt.Errorf("h2load: %w: %s", err, out)
		}
		m, s := finished.FindSubmatch(out), statuses.FindSubmatch(out)
		if m == nil || s == nil || string(s[3]) != "0" {
			return nil, fmt.Errorf("h2load says %s", out)
		}
		if rate, err = strconv.ParseFloat(string(m[3]), 64); err != nil {
			return nil, err
		}
		if enough := int(rate * d.Seconds()); enough > count {
			count = enough
			continue
		}
		break
	}
	return map[string]float64{"rate": rate, "n": float64(count)}, nil
}

// openIdle opens n connections that have been used once.
func openIdle(addr string, n int) (conns []net.Conn, err error) {
	for range n {
		c, err := newClient(addr, "small", smallSize)
		if err != nil {
			return conns, err
		}
		conns = append(conns, c.conn)
		if err := c.ask(); err != nil {
			return conns, fmt.Errorf("idle connection %d: %w", len(conns), err)
		}
	}
	return conns, nil
}
