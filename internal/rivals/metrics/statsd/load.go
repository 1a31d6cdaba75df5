//go:build linux

package main

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// packets are of 7 counters, 2 timers and a gauge of ten samples, of 260 series.
func packets(s scenario) (all [][]byte) {
	var lines []string
	for i := range 2600 {
		switch n := i % 10; {
		case n < 7:
			lines = append(lines, fmt.Sprintf("shop.checkout.requests.%d:1|c%s", i%260, s.tags))
		case n < 9:
			lines = append(lines, fmt.Sprintf("shop.checkout.latency.%d:%d|ms%s", i%260, i%300, s.tags))
		default:
			lines = append(lines, fmt.Sprintf("shop.checkout.queue.%d:%d|g%s", i%260, i, s.tags))
		}
	}
	for i := 0; i+s.samples <= len(lines); i += s.samples {
		all = append(all, []byte(strings.Join(lines[i:i+s.samples], "\n")))
	}
	return all
}

// send sends for a while at a rate, one packet after the other, and tells how many
// were sent. rate 0 is as fast as it can.
func send(at string, s scenario, rate int, each time.Duration) (sent int, err error) {
	c, err := net.Dial("udp", at)
	if err != nil {
		return 0, err
	}
	defer c.Close()
	all := packets(s)
	began := time.Now()
	for now := began; now.Sub(began) < each; now = time.Now() {
		due := sent + 64
		if rate > 0 {
			due = int(now.Sub(began).Seconds()*float64(rate)) + 1
		}
		for ; sent < due; sent++ {
			if _, err := c.Write(all[sent%len(all)]); err != nil {
				return sent, err
			}
		}
		if rate > 0 {
			time.Sleep(time.Duration(float64(sent)/float64(rate)*1e9) - time.Since(began))
		}
	}
	return sent, nil
}

const settling = 300 * time.Millisecond

// cpu is the processor's seconds for a million samples.
func cpu(at string, port, pid int, s scenario, each time.Duration) (float64, error) {
	if _, err := send(at, s, 5000, each/4); err != nil { // so that the series are there
		return 0, err
	}
	time.Sleep(settling)
	before := used(pid)
	sent, err := send(at, s, 5000, each)
	time.Sleep(settling)
	lost, derr := dropped(port)
	if err != nil || derr != nil {
		return 0, fmt.Errorf("%w, %w", err, derr)
	}
	return (used(pid) - before).Seconds() / float64((sent-lost)*s.samples) * 1e6, nil
}

// lossless is the highest rate at which nothing is lost, in steps of a quarter.
func lossless(at string, port, _ int, s scenario, each time.Duration) (best float64, err error) {
	for rate := 10_000.0; rate < 1e6; rate *= 1.25 {
		before, err := dropped(port)
		if err != nil {
			return 0, err
		}
		began := time.Now()
		sent, err := send(at, s, int(rate), each/3)
		if err != nil {
			return 0, err
		}
		reached := float64(sent) / time.Since(began).Seconds()
		time.Sleep(settling)
		if after, err := dropped(port); err != nil || after > before {
			return best, err
		}
		best = max(best, reached)
		if reached < 0.9*rate { // the sender cannot send more
			break
		}
	}
	return best, nil
}

// flood is how many packets are read in a second that come as fast as they can.
func flood(at string, port, _ int, s scenario, each time.Duration) (float64, error) {
	began := time.Now()
	sent, err := send(at, s, 0, each)
	took := time.Since(began)
	time.Sleep(settling)
	lost, derr := dropped(port)
	if err != nil || derr != nil {
		return 0, fmt.Errorf("%w, %w", err, derr)
	}
	return float64(sent-lost) / took.Seconds(), nil
}

// used is the time that all threads of pid had a processor.
func used(pid int) (sum time.Duration) {
	files, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", pid))
	for _, f := range files {
		text, _ := os.ReadFile(f)
		n, _, _ := strings.Cut(string(text), " ")
		ns, _ := strconv.ParseInt(n, 10, 64)
		sum += time.Duration(ns)
	}
	return sum
}

// dropped is what the kernel has dropped of the socket at port.
func dropped(port int) (int, error) {
	for _, name := range []string{"/proc/net/udp", "/proc/net/udp6"} {
		text, err := os.ReadFile(name)
		if err != nil {
			continue
		}
		for line := range strings.Lines(string(text)) {
			if f := strings.Fields(line); len(f) > 12 && strings.HasSuffix(f[1], fmt.Sprintf(":%04X", port)) {
				return strconv.Atoi(f[12])
			}
		}
	}
	return 0, fmt.Errorf("no socket at port %d", port)
}
