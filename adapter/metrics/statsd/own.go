package statsd

import (
	"strings"

	"github.com/podpatterns/podpatterns/adapter/metrics"
)

// ownNames are what the names of the Source's own metrics are in Prometheus. No
// sample gets one of them.
var ownNames = func() (names []string) {
	for _, d := range Own() {
		name := strings.TrimSuffix(d.PrometheusName(), "_total")
		names = append(names, name, name+"_total", name+"_created")
	}
	return names
}()

// The Source's own metrics.
var (
	ownPackets   = metrics.Desc{Name: "statsd.packets", Kind: metrics.Counter, Help: "Datagrams that were read."}
	ownBytes     = metrics.Desc{Name: "statsd.received", Unit: "By", Kind: metrics.Counter, Help: "Bytes that were read."}
	ownDrops     = metrics.Desc{Name: "statsd.kernel.dropped.packets", Kind: metrics.Counter, Help: "Datagrams that the kernel dropped, mostly as the receive buffer was full; linux only."}
	ownBuffer    = metrics.Desc{Name: "statsd.receive.buffer", Unit: "By", Kind: metrics.Gauge, Help: "Receive buffer that the kernel has granted; linux only."}
	ownSamples   = metrics.Desc{Name: "statsd.samples", Kind: metrics.Counter, Help: "Samples that were taken, by their type in StatsD."}
	ownRejected  = metrics.Desc{Name: "statsd.rejected", Kind: metrics.Counter, Help: "Samples, or what may have been some, that were left out."}
	ownDropped   = metrics.Desc{Name: "statsd.rule.dropped.samples", Kind: metrics.Counter, Help: "Samples that a rule says to drop."}
	ownOverflow  = metrics.Desc{Name: "statsd.overflowed.samples", Kind: metrics.Counter, Help: "Samples that were counted in the overflow series of their name, as there were too many series."}
	ownSeries    = metrics.Desc{Name: "statsd.series", Kind: metrics.Gauge, Help: "Series that there are."}
	ownExpired   = metrics.Desc{Name: "statsd.expired.series", Kind: metrics.Counter, Help: "Series that have ended as no samples came."}
	ownEvents    = metrics.Desc{Name: "statsd.events", Kind: metrics.Counter, Help: "Events of DogStatsD."}
	ownChecks    = metrics.Desc{Name: "statsd.service.checks", Kind: metrics.Counter, Help: "Service checks of DogStatsD."}
	ownConns     = metrics.Desc{Name: "statsd.connections", Kind: metrics.Gauge, Help: "TCP connections that are open."}
	ownAccepted  = metrics.Desc{Name: "statsd.accepted.connections", Kind: metrics.Counter, Help: "TCP connections that were accepted."}
	ownUnwelcome = metrics.Desc{Name: "statsd.refused.connections", Kind: metrics.Counter, Help: "TCP connections that were closed as there were too many."}
)

// Own are the metrics that a Source has of itself.
func Own() []metrics.Desc {
	return []metrics.Desc{
		ownPackets, ownBytes, ownDrops, ownBuffer, ownSamples, ownRejected, ownDropped, ownOverflow,
		ownSeries, ownExpired, ownEvents, ownChecks, ownConns, ownAccepted, ownUnwelcome,
	}
}

// labelled are the labels of a Source's own metrics.
type labelled struct {
	none      *metrics.Labels
	transport [transports]*metrics.Labels
	kind      [ops]*metrics.Labels
	reason    [reasons]*metrics.Labels
	event     [len(eventTypes)]*metrics.Labels
	check     [len(checkStates)]*metrics.Labels
}

func newLabelled(source string) *labelled {
	l := &labelled{none: metrics.NewLabels("source", source)}
	with := func(to []*metrics.Labels, name string, value func(i int) string) {
		for i := range to {
			to[i] = metrics.NewLabels("source", source, name, value(i))
		}
	}
	with(l.transport[:], "network", func(i int) string { return transportNames[i] })
	with(l.kind[:], "type", func(i int) string { return typeNames[i] })
	with(l.reason[:], "reason", func(i int) string { return reasonNames[i] })
	with(l.event[:], "type", func(i int) string { return eventTypes[i] })
	with(l.check[:], "status", func(i int) string { return checkStates[i] })
	return l
}

// collectOwn adds them. Those that may be there are there from the beginning, with
// 0, so that the first rejected sample is seen as an increase.
func (s *Source) collectOwn(b *metrics.Batch) {
	t := &s.table
	t.mu.Lock()
	c, series, began := t.count, t.series, t.began
	t.mu.Unlock()
	n := s.network.now()
	if s.labels == nil {
		s.labels = newLabelled(s.String())
	}
	l := s.labels

	counter := func(d metrics.Desc, labels []*metrics.Labels, values []uint64) {
		f := b.Family(d)
		for i, v := range values {
			f.Add(labels[i], metrics.Int(int64(v))).Start = began
		}
	}
	one := func(d metrics.Desc, v uint64) { counter(d, []*metrics.Labels{l.none}, []uint64{v}) }
	gauge := func(d metrics.Desc, v int) { b.Family(d).Add(l.none, metrics.Int(int64(v))) }

	datagrams := []*metrics.Labels{l.transport[overUDP], l.transport[overUnix]}
	counter(ownPackets, datagrams, []uint64{c.packets[overUDP], c.packets[overUnix]})
	counter(ownBytes, l.transport[:], c.bytes[:])
	counter(ownDrops, l.transport[overUDP:overUDP+1], n.drops[overUDP:overUDP+1])
	buffers := b.Family(ownBuffer)
	for i, granted := range n.granted {
		if granted > 0 {
			buffers.Add(l.transport[i], metrics.Int(int64(granted)))
		}
	}
	counter(ownSamples, l.kind[:], c.samples[:])
	counter(ownRejected, l.reason[1:], c.rejected[1:])
	one(ownDropped, c.dropped)
	one(ownOverflow, c.overflowed)
	gauge(ownSeries, series)
	one(ownExpired, c.expired)
	counter(ownEvents, l.event[:], c.events[:])
	counter(ownChecks, l.check[:], c.checks[:])
	gauge(ownConns, int(n.open))
	one(ownAccepted, n.accepted)
	one(ownUnwelcome, n.refused)
}
