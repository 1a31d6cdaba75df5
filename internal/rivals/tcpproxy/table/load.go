//go:build linux

package main

import (
	"fmt"
	"io"
	"net"
	"sync/atomic"
	"time"

	"github.com/podpatterns/podpatterns/internal/rivals/contest"
)

const (
	shortWorkers = 16
	bulkConns    = 4
	manyPingers  = 64
	messageSize  = 64
)

// open connects, and has the backend do something.
func open(addr string, what byte) (*net.TCPConn, error) {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	_, err = c.Write([]byte{what})
	return c.(*net.TCPConn), err
}

// pingOnce has a message echoed.
func pingOnce(c net.Conn, message, answer []byte) error {
	if _, err := c.Write(message); err != nil {
		return err
	}
	_, err := io.ReadFull(c, answer)
	return err
}

// shortConns opens a connection for each message.
func shortConns(addr string, d time.Duration) (map[string]float64, error) {
	var count atomic.Int64
	began := time.Now()
	err := contest.Each(shortWorkers, d, func(over func() bool) error {
		message, answer := make([]byte, 1+messageSize), make([]byte, messageSize)
		message[0] = echoes
		for !over() {
			c, err := net.Dial("tcp", addr)
			if err != nil {
				return err
			}
			if err := pingOnce(c, message, answer); err != nil {
				return err
			}
			if err := c.(*net.TCPConn).CloseWrite(); err != nil {
				return err
			}
			if _, err := io.Copy(io.Discard, struct{ io.Reader }{c}); err != nil {
				return err
			}
			c.Close()
			count.Add(1)
		}
		return nil
	})
	return map[string]float64{"n": float64(count.Load()), "rate": float64(count.Load()) / time.Since(began).Seconds()}, err
}

// bulk reads what the backend pours.
func bulk(addr string, d time.Duration) (map[string]float64, error) {
	var count atomic.Int64
	began := time.Now()
	err := contest.Each(bulkConns, d, func(over func() bool) error {
		c, err := open(addr, pours)
		if err != nil {
			return err
		}
		defer c.Close()
		b := make([]byte, 256<<10)
		for !over() {
			n, err := c.Read(b)
			if err != nil {
				return err
			}
			count.Add(int64(n))
		}
		return nil
	})
	gb := float64(count.Load()) / 1e9
	return map[string]float64{"n": gb, "rate": gb / time.Since(began).Seconds()}, err
}

// pingPong has a message go there and back over each of n connections.
func pingPong(n int) contest.Load {
	return contest.Asking(n, 1, func(addr string) (net.Conn, func() error, error) {
		c, err := open(addr, echoes)
		message, answer := make([]byte, messageSize), make([]byte, messageSize)
		return c, func() error { return pingOnce(c, message, answer) }, err
	})
}

// openIdle opens n connections that have been used once.
func openIdle(addr string, n int) (conns []net.Conn, err error) {
	message := make([]byte, messageSize)
	for range n {
		c, err := open(addr, echoes)
		if c != nil {
			conns = append(conns, c)
		}
		if err == nil {
			err = pingOnce(c, message, make([]byte, messageSize))
		}
		if err != nil {
			return conns, fmt.Errorf("idle connection %d: %w", len(conns), err)
		}
	}
	return conns, nil
}
