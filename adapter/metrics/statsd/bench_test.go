package statsd

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// packetsOf are packets of so many samples each: 7 counters, 2 timers and a gauge
// of ten, of 260 series.
func packetsOf(samples int, tags string) (all [][]byte) {
	var lines []string
	for i := range 2600 {
		switch n := i % 10; {
		case n < 7:
			lines = append(lines, fmt.Sprintf("shop.checkout.requests.%d:1|c%s", i%260, tags))
		case n < 9:
			lines = append(lines, fmt.Sprintf("shop.checkout.latency.%d:%d.%d|ms%s", i%260, i%300, i%10, tags))
		default:
			lines = append(lines, fmt.Sprintf("shop.checkout.queue.%d:%d|g%s", i%260, i, tags))
		}
	}
	for i := 0; i+samples <= len(lines); i += samples {
		all = append(all, []byte(strings.Join(lines[i:i+samples], "\n")))
	}
	return all
}

const someTags = "|#env:prod,code:200,region:eu-west-1"

func BenchmarkTake(b *testing.B) {
	for _, of := range []struct {
		name, tags string
		samples    int
	}{{"plain", "", 20}, {"tags", someTags, 20}, {"one", "", 1}, {"one tags", someTags, 1}} {
		b.Run(of.name, func(b *testing.B) {
			s := &Source{}
			s.table.configure(s, nil)
			all := packetsOf(of.samples, of.tags)
			now := time.Now().UnixNano()
			for _, p := range all {
				s.table.take(p, now)
			}
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				s.table.take(all[i], now)
				if i++; i == len(all) {
					i = 0
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*of.samples), "ns/sample")
		})
	}
}

// Samples whose series are new each time.
func BenchmarkNew(b *testing.B) {
	s := &Source{}
	s.table.configure(s, nil)
	now := time.Now().UnixNano()
	b.ReportAllocs()
	i := 0
	var line []byte
	for b.Loop() {
		line = fmt.Appendf(line[:0], "shop.requests:1|c|#id:%d", i)
		s.table.take(line, now)
		i++
	}
}
