package logcollect

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/podpatterns/podpatterns/internal/gate"
	"github.com/podpatterns/podpatterns/pod/sandbox"
	"github.com/podpatterns/podpatterns/sidecar"
)

// DefaultCheckpoint is where a [Collector] that states no Checkpoint keeps it.
const DefaultCheckpoint = ".logcollect/checkpoint"

// A Collector is a sidecar that follows the files under the root that match
// Include, and hands their lines to Sink. A Collector with these two fields is
// ready to use; the zero value has neither, and Run refuses it. It must not be
// copied, and its fields must not be changed while it runs.
type Collector struct {
	// Include are the patterns of the files to follow, relative to the root, with
	// slashes: * and ? and [a-z] within a name, {a,b} for alternatives, and ** for
	// any number of directories. At least one is needed.
	Include []string

	// Exclude are patterns of files that are not followed although Include
	// matches them. nil: none.
	Exclude []string

	// Sink takes the lines. It must not be nil.
	Sink Sink

	// Checkpoint is the file under the root that remembers how far each file was
	// delivered. Two Collectors need one each. Empty: DefaultCheckpoint. Beside
	// it are two files that end in .recent and .recent2 and, for a moment, one that
	// ends in .tmp; to begin all files anew remove all.
	Checkpoint string

	// Sync makes it survive loss of power: the checkpoint, the lines before it in a
	// File and the directories of both are on disk before anything counts on it,
	// every 100 ms. By default that is left to the system: then a crash of the process
	// loses nothing, but loss of power may lose what was delivered last.
	Sync bool

	// PollInterval is how often files are looked for and looked at where the system
	// does not tell of changes: it is the latency there. Where it does tell, all
	// files are looked at once a minute, or every PollInterval if that is longer.
	// What failed is tried again every PollInterval. 0: 1 s; negative: an error.
	PollInterval time.Duration

	// PollOnly does without the system's notifications, for filesystems that
	// several machines write to, and for tests in virtual time.
	PollOnly bool

	// MaxLineBytes is how long a line may be, its newline not counted. A longer one
	// is delivered in pieces of this length. With Multiline it is how long an event
	// may be; of a longer one each piece is as many whole lines as fit. 0: 1 MiB;
	// negative or more than 1 GiB: an error.
	MaxLineBytes int

	// TruncateLines drops what a line, or an event, has beyond MaxLineBytes instead
	// of delivering it in pieces. Stats counts it.
	TruncateLines bool

	// StripCR delivers a line that ends with CR LF with LF alone. Any other CR is
	// kept, also one at the end of a file. A CR that is stripped does not count for
	// the length of a line.
	StripCR bool

	// Multiline makes one event of several lines. nil: each line stands for itself.
	Multiline *Multiline

	// MaxOpenFiles is how many files are held open. Of more, those that have been
	// read to their end are followed by name, and what is appended to them right
	// before they are removed can be missed. 0: 512; negative: an error.
	MaxOpenFiles int

	gate  gate.Gate
	sink  sync.Mutex // held by what calls Sink, which may outlive a run
	count counters
	sys   system
	tap   tap // of a test
}

var _ sidecar.Sidecar = (*Collector)(nil)

const (
	defaultPollInterval = time.Second
	defaultMaxLineBytes = 1 << 20
	defaultMaxOpenFiles = 512

	maxMaxLineBytes = 1 << 30
)

// Run collects until ctx is done. Then it reads every file to the end that it has
// at that time, and returns nil when the sink has taken it all and the checkpoint
// says so. If that takes longer than [sandbox.Grace], the error says how many
// bytes of which files are left, and errors.Is finds [context.DeadlineExceeded]
// in it. They are delivered by the next Run, which begins at the checkpoint.
//
// Before ctx is done an error is a wrong field (all of them in one error), a
// checkpoint that is in use or can't be read or written, or a [Resumer] that fails
// to begin or to bring its lines to safety.
func (c *Collector) Run(ctx context.Context, root *os.Root) error {
	return c.run(ctx, root, []*Collector{c})
}

// run is Run as one of a group of Collectors, which do not collect each other's
// files.
func (c *Collector) run(ctx context.Context, root *os.Root, group []*Collector) error {
	leave, err := c.gate.Enter()
	if err != nil {
		return fmt.Errorf("logcollect: %w", err)
	}
	defer leave()
	grace, release := sandbox.Grace(ctx)
	defer release()
	if err := c.validate(root); err != nil {
		return fmt.Errorf("logcollect: %w", err)
	}
	if err := c.collect(ctx, grace, root, group); err != nil {
		return fmt.Errorf("logcollect: %w", err)
	}
	return nil
}

// Ready blocks until the current run has read its checkpoint and found the files
// there are, or until ctx ends, whose cause it then returns.
func (c *Collector) Ready(ctx context.Context) error { return c.gate.Ready(ctx) }

func (c *Collector) checkpoint() string {
	if c.Checkpoint == "" {
		return DefaultCheckpoint
	}
	return c.Checkpoint
}

func (c *Collector) pollInterval() time.Duration {
	return cmp.Or(c.PollInterval, defaultPollInterval)
}
func (c *Collector) maxLineBytes() int { return cmp.Or(c.MaxLineBytes, defaultMaxLineBytes) }
func (c *Collector) maxOpenFiles() int { return cmp.Or(c.MaxOpenFiles, defaultMaxOpenFiles) }
