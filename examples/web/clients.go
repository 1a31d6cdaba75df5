package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"sync/atomic"
	"time"
)

// clients request a page without pause, each time on a new connection, so that
// every request needs a web server that listens at that moment.
type clients struct {
	url        string
	first      func()       // called after a whole answer; only the first call counts
	served     atomic.Int64 // whole answers
	unanswered atomic.Int64 // requests that had none, and were sent again
}

var client = &http.Client{
	Transport: &http.Transport{DisableKeepAlives: true},
	Timeout:   30 * time.Second,
}

// request is one client. It finishes its last request after stop, unless it is
// killed.
func (c *clients) request(stop, kill context.Context) {
	for stop.Err() == nil {
		switch err := get(kill, c.url, io.Discard); {
		case err == nil:
			c.served.Add(1)
			c.first()
		case kill.Err() == nil:
			if c.unanswered.Add(1) == 1 {
				log.Printf("clients: the first request without a whole answer: %v", err)
			}
			select {
			case <-stop.Done():
			case <-time.After(100 * time.Millisecond):
			}
		}
	}
}

// get copies the whole answer to w.
func get(ctx context.Context, url string, w io.Writer) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	answer, err := client.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", url, answer.Status)
	}
	_, err = io.Copy(w, answer.Body)
	return err
}
