package statsd

import (
	"hash/maphash"
	"math/bits"
)

// A known is what a sample does whose name and tail were seen before: everything
// but the value. So the tags of a sample are read when they come for the first
// time, and not again.
type known struct {
	name, tail string
	op         op
	weight     float64
	series     *series
	family     *family
	drop       bool // a rule leaves it out
	over       bool // series is of what is over the limit,
	era        int  // and was so in this era of the table
}

// A cache finds what is known in one probe, mostly. It has a limit, and when that
// is reached it is emptied: what is in use is learnt again at once.
type cache struct {
	seed  maphash.Seed
	slots []slot // a power of two, at least twice used
	used  int
	bytes int
	limit int // of used
}

type slot struct {
	hash  uint64
	known *known
}

// bytesEach is how many bytes of text each of limit may have on average.
const bytesEach = 512

func newCache(limit int) *cache {
	return &cache{seed: maphash.MakeSeed(), slots: make([]slot, 256), limit: limit}
}

func (c *cache) hash(name, tail []byte) uint64 {
	return maphash.Bytes(c.seed, name) ^ bits.RotateLeft64(maphash.Bytes(c.seed, tail), 29)
}

// find returns nil if there is none.
func (c *cache) find(hash uint64, name, tail []byte) *known {
	mask := uint64(len(c.slots) - 1)
	for i := hash & mask; ; i = (i + 1) & mask {
		s := &c.slots[i]
		if s.known == nil {
			return nil
		}
		if s.hash == hash && s.known.name == string(name) && s.known.tail == string(tail) {
			return s.known
		}
	}
}

// keep replaces what there is of the same name and tail.
func (c *cache) keep(hash uint64, k *known) {
	size := len(k.name) + len(k.tail)
	if c.used >= c.limit || c.bytes+size > c.limit*bytesEach {
		clear(c.slots)
		c.used, c.bytes = 0, 0
	}
	if 2*(c.used+1) > len(c.slots) {
		old := c.slots
		c.slots = make([]slot, 2*len(old))
		for _, s := range old {
			if s.known != nil {
				*c.free(s.hash) = s
			}
		}
	}
	for i := hash; ; i++ {
		s := &c.slots[i&uint64(len(c.slots)-1)]
		if s.known == nil {
			*s = slot{hash, k}
			c.used++
			c.bytes += size
			return
		}
		if s.hash == hash && s.known.name == k.name && s.known.tail == k.tail {
			s.known = k
			return
		}
	}
}

func (c *cache) free(hash uint64) *slot {
	for i := hash; ; i++ {
		if s := &c.slots[i&uint64(len(c.slots)-1)]; s.known == nil {
			return s
		}
	}
}
