package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/podpatterns/podpatterns/adapter/metrics"
	"github.com/podpatterns/podpatterns/adapter/metrics/redis"
)

// redises ask a server of their own. Its CPU time is not theirs, and not counted.
func redises(plan) ([]contender, error) {
	socket, stop, err := redisServer()
	if err != nil {
		return nil, err
	}
	bare, err := net.Dial("unix", socket)
	if err != nil {
		stop()
		return nil, err
	}
	replies, buf := bufio.NewReaderSize(bare, 16<<10), make([]byte, 64<<10)
	source, batch := &redis.Source{Address: "unix:" + socket}, metrics.Batch{}
	return []contender{
		{name: "floor: INFO everything asked and read", run: func() error { return askInfo(bare, replies, buf) }},
		{name: "podpatterns", run: func() error {
			batch.Reset()
			return source.Collect(context.Background(), &batch)
		}, close: func() { bare.Close(); stop() }},
	}, nil
}

func askInfo(c net.Conn, r *bufio.Reader, buf []byte) error {
	if _, err := io.WriteString(c, "*2\r\n$4\r\nINFO\r\n$10\r\neverything\r\n"); err != nil {
		return err
	}
	line, err := r.ReadSlice('\n')
	if err != nil {
		return err
	}
	n, err := strconv.Atoi(strings.Trim(string(line), "$\r\n"))
	if err != nil || n+2 > len(buf) {
		return fmt.Errorf("INFO is answered with %.100q", line)
	}
	_, err = io.ReadFull(r, buf[:n+2])
	return err
}

// redisServer runs one that has seen a few commands.
func redisServer() (socket string, stop func(), err error) {
	path, err := exec.LookPath("redis-server")
	if err != nil {
		return "", nil, err
	}
	dir, err := os.MkdirTemp("", "redis")
	if err != nil {
		return "", nil, err
	}
	socket = filepath.Join(dir, "s")
	cmd := exec.Command(path, "--port", "0", "--unixsocket", socket, "--save", "", "--dir", dir)
	if err := cmd.Start(); err != nil {
		os.RemoveAll(dir)
		return "", nil, err
	}
	stop = func() { cmd.Process.Kill(); cmd.Wait(); os.RemoveAll(dir) }
	for range 500 {
		c, err := net.Dial("unix", socket)
		if err != nil {
			time.Sleep(10 * time.Millisecond)
			continue
		}
		defer c.Close()
		const commands = "SET a 1\r\nGET a\r\nINCR a\r\nLPUSH l 1\r\nHSET h f 1\r\nEXPIRE a 100\r\nDEL a\r\nPING\r\nNONE\r\n"
		if _, err = io.WriteString(c, commands); err == nil {
			_, err = io.ReadAtLeast(c, make([]byte, 1000), 50)
		}
		if err != nil {
			stop()
		}
		return socket, stop, err
	}
	stop()
	return "", nil, errors.New("redis-server does not answer")
}
