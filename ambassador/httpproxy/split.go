package httpproxy

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"

	"github.com/podpatterns/podpatterns/ambassador/upstream"
)

// Split divides the requests of a [Route] among parts, as for an experiment or to
// try a new version on a few. Those with the same key go to the same part, in every
// process and after every restart. When weights change, keys move only to parts
// whose weight has grown compared with that of the part that they leave, which are
// as few as the new shares allow.
type Split struct {
	// Name keeps experiments apart: with the same one, equal keys are at the same
	// place in each, and with another they are independent. Empty is one as well.
	Name string

	// Parts are what there is to choose from, at least one, of which not all have
	// no weight.
	Parts []Part

	// By is what of a request is its key. nil: each goes by chance, and so does one
	// that has no key.
	By *Key

	// Header is the name of a field that asks for a part by its Name, as those of
	// testers do. One that names none is not heeded. Empty: no field does.
	Header string
}

// Part is one of a [Split].
type Part struct {
	// Name is what Header asks for, and what keys are hashed with: a part that is
	// renamed has other ones. Empty, or there twice: an error.
	Name string

	// Weight is its share, of the sum of all. 0: only those get there that ask for
	// it; negative, more than 1,000,000: an error.
	Weight int

	// Upstream is where its requests go. nil: the Route's.
	Upstream *upstream.Cluster

	// HTTP2 has Upstream be spoken to in HTTP/2. It is not heeded where that is nil.
	HTTP2 bool
}

// parts are what a Split comes to.
type parts struct {
	of  *Split
	all []part
	sum uint64
}

type part struct {
	*Part
	name  string
	seed  [sha256.Size]byte // of the two names
	count *partCounter
}

func newParts(s *Split) (p parts, err error) {
	if s == nil {
		return p, nil
	}
	p.of = s
	names := map[string]bool{}
	for i := range s.Parts {
		one := &s.Parts[i]
		switch {
		case one.Name == "":
			return p, fmt.Errorf("Parts: entry %d has no Name", i)
		case names[one.Name]:
			return p, fmt.Errorf("Parts: entry %d has a Name that is there already, %q", i, one.Name)
		case one.Weight < 0 || one.Weight > 1_000_000:
			return p, fmt.Errorf("Parts: %q: Weight: %d is not from 0 to 1000000", one.Name, one.Weight)
		}
		names[one.Name] = true
		p.sum += uint64(one.Weight)
		p.all = append(p.all, part{Part: one, name: one.Name, seed: sha256.Sum256([]byte(s.Name + "\x00" + one.Name)), count: &partCounter{}})
	}
	if p.sum == 0 {
		return p, fmt.Errorf("Parts: none of %d has a Weight", len(s.Parts))
	}
	if err := s.By.validate(); err != nil {
		return p, fmt.Errorf("By: %w", err)
	}
	if s.Header != "" && !isToken(s.Header) {
		return p, fmt.Errorf("Header: %q is no name of a field", s.Header)
	}
	return p, nil
}

// choose returns the part of x.
func (p *parts) choose(x *exchange, chance func() uint64) *part {
	if p.of.Header != "" {
		if asked := x.header.get(p.of.Header); asked != "" {
			for i := range p.all {
				if p.all[i].name == asked {
					return &p.all[i]
				}
			}
		}
	}
	if key, ok := p.of.By.of(x); ok {
		return p.sticky(key)
	}
	at := chance() % p.sum
	for i := range p.all {
		if w := uint64(p.all[i].Weight); at >= w {
			at -= w
			continue
		}
		return &p.all[i]
	}
	return nil // not reached: at is less than the sum
}

// sticky is weighted rendezvous hashing (Schindelhauer and Schomaker, "Weighted
// Distributed Hash Tables", SPAA 2005): each part draws a number by the key, with
// an exponential distribution whose rate is its weight, and the lowest one wins.
// That of a part does not depend on the others.
func (p *parts) sticky(key string) *part {
	var best *part
	least := math.Inf(1)
	for i := range p.all {
		one := &p.all[i]
		if one.Weight == 0 {
			continue
		}
		if at := -math.Log(one.draw(key)) / float64(one.Weight); at < least || best == nil {
			least, best = at, one
		}
	}
	return best
}

// draw is a number from 0 to 1, neither included, that is the same for a key
// everywhere and at all times.
func (p *part) draw(key string) float64 {
	var room [128]byte
	sum := sha256.Sum256(append(append(room[:0], p.seed[:]...), key...))
	return (float64(binary.BigEndian.Uint64(sum[:])>>11) + 0.5) / (1 << 53)
}
