package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"time"

)

// What a main container says is in a file of the directory that its pod shares.
const (
	statsdSocket = "statsd.sock"
	ordersFile   = "orders.json"
	redisSocket  = "redis.sock"
)

// mains are the main containers of our own. They know nothing of a monitor.
var mains = map[string]func(context.Context) error{"shop": shop, "orders": orders}

// shop counts what it sells, and how long that took, by StatsD.
func shop(ctx context.Context) error {
	c, err := net.Dial("unixgram", filepath.Join(os.Getenv("POD_ROOT"), statsdSocket))
	if err != nil {
		return err
	}
	defer c.Close()
	for sold := 1; ; sold++ {
		began := time.Now()
		toil(20 * time.Millisecond)
		if _, err := fmt.Fprintf(c, "shop.sold:1|c|#till:%d\nshop.sale:%d|ms\nshop.queue:%d|g\n", sold%2, time.Since(began).Milliseconds(), sold%7); err != nil && ctx.Err() == nil {
			return err
		}
		if !pause(ctx, 80*time.Millisecond) {
			return nil
		}
	}
}

// orders writes its state as JSON, and has more and more to remember.
func orders(ctx context.Context) error {
	file := filepath.Join(os.Getenv("POD_ROOT"), ordersFile)
	var memory [][]byte
	for n := 1; ; n++ {
		toil(5 * time.Millisecond)
		if len(memory) == 64 {
			memory = nil
		}
		page := make([]byte, 1<<20)
		for i := 0; i < len(page); i += 4096 {
			page[i] = 1
		}
		memory = append(memory, page)
		state, err := json.Marshal(map[string]any{
			"open":   len(memory),
			"orders": []map[string]any{{"state": "paid", "count": 3 * n}, {"state": "sent", "count": n}},
			"store":  map[string]any{"healthy": true, "fill": fmt.Sprintf("%d%%", 100*len(memory)/64)},
		})
		if err == nil {
			err = errors.Join(os.WriteFile(file+".new", state, 0o644), os.Rename(file+".new", file))
		}
		if err != nil {
			return err
		}
		if !pause(ctx, 100*time.Millisecond) {
			return nil
		}
	}
}

// toil keeps a processor busy.
func toil(d time.Duration) {
	for began := time.Now(); time.Since(began) < d; {
	}
}

// pause returns false when ctx is done.
func pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-ctx.Done():
		return false
	}
}
