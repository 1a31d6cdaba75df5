//go:build linux

package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// A load is one kind of traffic. Its result are figures by their names.
type load func(addr string, d time.Duration) (map[string]float64, error)

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

// each runs f in n goroutines at once until d is over.
func each(n int, d time.Duration, f func(over func() bool) error) error {
	var done atomic.Bool
	t := time.AfterFunc(d, func() { done.Store(true) })
	defer t.Stop()
	failed := make([]error, n)
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { failed[i] = f(done.Load) })
	}
	all.Wait()
	return errors.Join(failed...)
}

// shortConns opens a connection for each message.
func shortConns(addr string, d time.Duration) (map[string]float64, error) {
	var count atomic.Int64
	began := time.Now()
	err := each(shortWorkers, d, func(over func() bool) error {
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
	err := each(bulkConns, d, func(over func() bool) error {
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
func pingPong(n int) load {
	return func(addr string, d time.Duration) (map[string]float64, error) {
		var mu sync.Mutex
		var took []time.Duration
		began := time.Now()
		err := each(n, d, func(over func() bool) error {
			c, err := open(addr, echoes)
			if err != nil {
				return err
			}
			defer c.Close()
			message, answer := make([]byte, messageSize), make([]byte, messageSize)
			mine := make([]time.Duration, 0, 1<<14)
			for len(mine) == 0 || !over() {
				sent := time.Now()
				if err := pingOnce(c, message, answer); err != nil {
					return err
				}
				mine = append(mine, time.Since(sent))
			}
			mu.Lock()
			defer mu.Unlock()
			took = append(took, mine...)
			return nil
		})
		if err != nil {
			return nil, err
		}
		elapsed := time.Since(began)
		slices.Sort(took)
		at := func(share float64) float64 { return float64(took[int(share*float64(len(took)-1))]) / 1e3 }
		return map[string]float64{"n": float64(len(took)), "rate": float64(len(took)) / elapsed.Seconds(), "p50": at(.5), "p99": at(.99)}, nil
	}
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

func closeAll(conns []net.Conn) {
	for _, c := range conns {
		c.(*net.TCPConn).SetLinger(0) // leaves no port in TIME-WAIT
		c.Close()
	}
}
