package statsd

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"os"
	"sync"
	"time"

	"github.com/podpatterns/podpatterns/adapter/metrics"
	"github.com/podpatterns/podpatterns/internal/gate"
	"github.com/podpatterns/podpatterns/pod/sandbox"
)

// A Source listens for StatsD and DogStatsD, and has as metrics what it was sent.
// The zero value listens for UDP on 127.0.0.1:8125. It must not be copied, nor
// changed while it runs. It serves one run at a time, and what it has counted
// stays when it runs again.
type Source struct {
	// Name is the label source of its own metrics. Empty: "statsd".
	Name string

	// UDP and TCP are where to listen, as host:port; port 0 is a free one. Unix is
	// the path of a datagram socket, relative to the container's root if there is
	// one. Empty: not there; all three empty: UDP on 127.0.0.1:8125.
	UDP, TCP, Unix string

	// UnixMode is who may write to the socket at Unix, as 0o666. 0 leaves what the
	// process' umask says.
	UnixMode os.FileMode

	// ReceiveBuffer is how many bytes the kernel is asked to hold for UDP and Unix
	// while the Source does not run or does not get the processor. What it grants is
	// a metric of its own. 0 means 4 MiB, negative is an error.
	ReceiveBuffer int

	// MaxConns is how many TCP connections are open at once. More are closed, and
	// counted. 0 means 256, negative is an error.
	MaxConns int

	// MaxLine is how many bytes a line may have. A longer one is left out, and
	// counted. 0 means 8192, negative is an error.
	MaxLine int

	// TagStyles are how tags may be written into names. 0: not at all; those of
	// DogStatsD, after the value, are always read.
	TagStyles TagStyles

	// ContainerLabel is the label that DogStatsD's container id becomes. Empty: it
	// is left out, as a pod's samples are of one container mostly.
	ContainerLabel string

	// AbsoluteGauges is set if a sign is a part of a gauge's value, as it is in
	// DogStatsD. If not, one with a sign is added to what the gauge had, as in
	// StatsD, where a gauge is made negative by way of 0.
	AbsoluteGauges bool

	// Rules make labels of names; of those that match the first one holds. Nil: a
	// name stays what it is, and formats make underscores of its dots.
	Rules []Rule

	// Observer is what becomes of timers, histograms and distributions. The zero
	// value: histograms.
	Observer Observer

	// TTL is after how long without a sample a series ends. A counter that comes
	// back begins at 0, with a Start of its own. 0 means 1 hour, negative never.
	TTL time.Duration

	// MaxSeries is how many series there may be. What comes above it is counted in
	// the series with the label otel_metric_overflow="true" of its name, or left out
	// and counted if the name is new as well. Their texts are limited to 512 bytes
	// each on average. 0 means 100,000, negative is an error.
	MaxSeries int

	// SetWindow is the period in which a set's values are distinct. Its metric is
	// their number in the last whole one. 0 means 1 minute, negative is an error.
	SetWindow time.Duration

	// MaxSetValues is how many distinct values all sets together may have in a
	// period. 0 means 1,000,000, negative is an error. It holds from the first run
	// on.
	MaxSetValues int

	gate    gate.Gate
	table   table
	network traffic
	labels  *labelled // of its own metrics; walking is held

	mu    sync.Mutex
	addrs []net.Addr
}

var (
	_ metrics.Runner    = (*Source)(nil)
	_ metrics.Validator = (*Source)(nil)
)

const (
	defaultAddr    = "127.0.0.1:8125"
	defaultBuffer  = 4 << 20
	defaultConns   = 256
	defaultLine    = 8192
	defaultTTL     = time.Hour
	defaultSeries  = 100_000
	defaultPeriod  = time.Minute
	defaultMembers = 1_000_000
)

func (s *Source) ttl() time.Duration       { return cmp.Or(s.TTL, defaultTTL) }
func (s *Source) maxSeries() int           { return cmp.Or(s.MaxSeries, defaultSeries) }
func (s *Source) setWindow() time.Duration { return cmp.Or(s.SetWindow, defaultPeriod) }
func (s *Source) maxSetValues() int        { return cmp.Or(s.MaxSetValues, defaultMembers) }
func (s *Source) receiveBuffer() int       { return cmp.Or(s.ReceiveBuffer, defaultBuffer) }
func (s *Source) maxConns() int            { return cmp.Or(s.MaxConns, defaultConns) }
func (s *Source) maxLine() int             { return cmp.Or(s.MaxLine, defaultLine) }

func (s *Source) udp() string {
	if s.UDP+s.TCP+s.Unix == "" {
		return defaultAddr
	}
	return s.UDP
}

// String returns the Source's name.
func (s *Source) String() string { return cmp.Or(s.Name, "statsd") }

// Run listens until ctx is done. Then it takes what the kernel still holds, and
// returns nil; an error is a wrong field, or why it could not listen or read.
func (s *Source) Run(ctx context.Context) error {
	leave, err := s.gate.Enter()
	if err != nil {
		return fmt.Errorf("statsd: %w", err)
	}
	defer leave()
	if err := s.run(ctx); err != nil {
		return fmt.Errorf("statsd: %w", err)
	}
	return nil
}

// Ready blocks until the current run listens, or returns ctx's cause.
func (s *Source) Ready(ctx context.Context) error { return s.gate.Ready(ctx) }

// Addrs are where the current run listens, or the last one did: UDP, TCP, Unix,
// those of them that it has.
func (s *Source) Addrs() []net.Addr {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.addrs
}

func (s *Source) run(ctx context.Context) error {
	rules, err := s.validate()
	if err != nil {
		return err
	}
	grace, cancel := sandbox.Grace(ctx)
	defer cancel()
	s.table.configure(s, rules)

	inner, stop := context.WithCancel(ctx)
	defer stop()
	r := &running{source: s, grace: grace, stop: stop}
	if err := r.listen(ctx); err != nil {
		r.close()
		return err
	}
	s.mu.Lock()
	s.addrs = r.addrs()
	s.mu.Unlock()
	r.start(inner)
	s.gate.Open()
	r.tend(inner)
	r.busy.Wait()
	r.close()
	if r.err != nil && ctx.Err() == nil {
		return r.err
	}
	if grace.Err() != nil {
		return fmt.Errorf("not all was read that had been sent: %w", grace.Err())
	}
	return nil
}
