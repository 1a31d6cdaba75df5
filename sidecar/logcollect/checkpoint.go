package logcollect

import (
	"errors"
	"fmt"
	"hash/crc32"
	"strconv"
	"strings"
)

// A checkpoint is how far each file was delivered. On disk it is text:
//
//	logcollect 1
//	seq <number, the higher one is the later>
//	sink "<mark>"
//	file <device> <inode> <born> <generation> <offset> <guard> <cut> <place> <away> "<path>" "<home>"
//	end <CRC-32C of all before, in hexadecimal>
//
// The sink's line is there if the sink is a Resumer. The files are in the
// order in which they were found.
type checkpoint struct {
	seq   uint64
	sink  string // the sink's mark; empty: none
	files []progress
}

// progress is how far one file was delivered.
type progress struct {
	id     fileID
	origin        // zero: not known
	offset int64  // of the first byte that is not delivered
	guard  uint64 // of the bytes right before it
	cut    int64  // up to where it was read before it was truncated, until something else comes than a hole
	place  place  // at offset
	away   bool   // it was not there any more
	path   string
	home   string // the path, free of links
}

// errVersion is not damage: the checkpoint is of a later version of this package,
// and must not be overwritten.
var errVersion = errors.New("checkpoint of an unknown version")

const header = "logcollect 1\n"

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func (c *checkpoint) append(b []byte) []byte {
	b = append(b, header...)
	b = fmt.Appendf(b, "seq %d\n", c.seq)
	if c.sink != "" {
		b = fmt.Appendf(b, "sink %s\n", strconv.Quote(c.sink))
	}
	for _, p := range c.files {
		b = fmt.Appendf(b, "file %d %d %d %d %d %x %d %d %t %s %s\n",
			p.id.dev, p.id.ino, p.born, p.gen, p.offset, p.guard, p.cut, p.place, p.away, strconv.Quote(p.path), strconv.Quote(p.home))
	}
	return seal(b)
}

func seal(b []byte) []byte { return fmt.Appendf(b, "end %08x\n", crc32.Checksum(b, castagnoli)) }

// parseCheckpoint accepts what append writes, and nothing else.
func parseCheckpoint(text string) (*checkpoint, error) {
	if first, _, _ := strings.Cut(text, "\n"); first+"\n" != header {
		if v, ok := strings.CutPrefix(first, "logcollect "); ok {
			if n, err := strconv.ParseUint(v, 10, 16); err == nil {
				return nil, fmt.Errorf("%w: %d", errVersion, n)
			}
		}
		return nil, errors.New("not a checkpoint")
	}
	end := strings.LastIndex(text, "\nend ") + 1
	if end == 0 || text != string(seal([]byte(text[:end]))) {
		return nil, errors.New("checksum does not fit")
	}
	c := &checkpoint{}
	seen := map[fileID]bool{}
	for line := range strings.Lines(text[len(header):end]) {
		if err := c.parseLine(line); err != nil {
			return nil, fmt.Errorf("line %q: %w", line, err)
		}
		if n := len(c.files); n > 0 && n > len(seen) {
			if seen[c.files[n-1].id] {
				return nil, fmt.Errorf("line %q: a file twice", line)
			}
			seen[c.files[n-1].id] = true
		}
	}
	return c, nil
}

func (c *checkpoint) parseLine(line string) error {
	kind, rest, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
	switch kind {
	case "seq":
		_, err := fmt.Sscanf(rest, "%d", &c.seq)
		return err
	case "sink":
		var err error
		c.sink, err = strconv.Unquote(rest)
		return err
	case "file":
		var p progress
		_, err := fmt.Sscanf(rest, "%d %d %d %d %d %x %d %d %t %q %q",
			&p.id.dev, &p.id.ino, &p.born, &p.gen, &p.offset, &p.guard, &p.cut, &p.place, &p.away, &p.path, &p.home)
		if err == nil && (p.offset < 0 || p.cut < 0) {
			err = errors.New("negative offset")
		}
		if err == nil && (p.place >= places || p.place != lineStart && p.offset == 0) {
			err = errors.New("impossible place")
		}
		c.files = append(c.files, p)
		return err
	}
	return errors.New("unknown kind")
}
