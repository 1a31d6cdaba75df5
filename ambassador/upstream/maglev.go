package upstream

import (
	"cmp"
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
)

// Maglev sends equal keys, see [WithKey], to the same endpoint, in every process
// that has the same endpoints, and moves few of them when the set changes: those
// of an endpoint that is gone, and a few more. It is the consistent hash of
// Eisenbud et al., "Maglev: A Fast and Reliable Software Network Load Balancer"
// (NSDI 2016), with weights. Where the endpoint of a key fails to be dialled, the
// next one is the same for every process too. What has no key goes anywhere, by
// weight.
type Maglev struct {
	// Size is how many slots the table has, 4 bytes each: a prime number, best at
	// least a hundred times the number of endpoints. 0: 65,537. One that is not
	// from 2 to 10,000,000, or no prime, is an error.
	Size int
}

var _ Balancer = Maglev{}

func (m Maglev) size() int { return cmp.Or(m.Size, 65537) }

func (m Maglev) validate() error {
	if n := m.size(); n < 2 || n > 10_000_000 || !big.NewInt(int64(n)).ProbablyPrime(0) {
		return fmt.Errorf("Size: %d is no prime number up to 10,000,000", n)
	}
	return nil
}

type slots struct {
	all   []candidate
	table []int32
}

// picker fills the table: each endpoint in its turn takes the next slot of its
// own permutation that is free, by weight.
func (m Maglev) picker(_ *Cluster, all []candidate) picker {
	all = slices.Clone(all)
	slices.SortFunc(all, func(a, b candidate) int { return cmp.Compare(a.address, b.address) })
	s := &slots{all: all}
	if len(all) == 0 {
		return s
	}
	size := uint64(m.size())
	s.table = make([]int32, size)
	for i := range s.table {
		s.table[i] = -1
	}
	next, skip := make([]uint64, len(all)), make([]uint64, len(all))
	seats := make(seats, len(all))
	most := slices.MaxFunc(all, func(a, b candidate) int { return cmp.Compare(a.weight, b.weight) }).weight
	for i, c := range all {
		next[i], skip[i] = c.hash[0]%size, c.hash[1]%(size-1)+1
		seats[i] = seat{at: i, share: most / c.weight}
		seats[i].take()
	}
	for i := len(seats)/2 - 1; i >= 0; i-- {
		seats.down(i)
	}
	for range size {
		i := seats[0].at
		seats[0].take()
		seats.down(0)
		for s.table[next[i]] >= 0 {
			next[i] = (next[i] + skip[i]) % size
		}
		s.table[next[i]] = int32(i)
	}
	return s
}

// A seat is the next turn of an endpoint. The heaviest one has a turn in each
// round, the others in every so many; with a look at all of them in each round a few
// of large weight would have the many of small weight take minutes.
type seat struct {
	at, taken int
	share     float64 // rounds from turn to turn
	round     float64
}

func (s *seat) take() {
	s.taken++
	s.round = math.Ceil(float64(s.taken) * s.share)
}

// seats are a heap, by round and then by address.
type seats []seat

func (s seats) less(i, j int) bool {
	return s[i].round < s[j].round || s[i].round == s[j].round && s[i].at < s[j].at
}

func (s seats) down(i int) {
	for {
		least := i
		for child := 2*i + 1; child <= 2*i+2 && child < len(s); child++ {
			if s.less(child, least) {
				least = child
			}
		}
		if least == i {
			return
		}
		s[i], s[least] = s[least], s[i]
		i = least
	}
}

func (s *slots) pick(a *asked) *endpoint {
	if len(s.table) == 0 {
		return nil
	}
	if len(a.skip) >= len(s.all) && !slices.ContainsFunc(s.all, func(c candidate) bool { return !a.skips(c.endpoint) }) {
		return nil
	}
	var at int
	if a.hasKey {
		at = int(hash(a.key, 0) % uint64(len(s.table)))
	} else {
		at = rand.IntN(len(s.table))
	}
	for range len(s.table) {
		if e := s.all[s.table[at]].endpoint; !a.skips(e) {
			return e
		}
		at = (at + 1) % len(s.table)
	}
	return nil
}

// hash is the same everywhere and at all times: FNV-1a, with the finish of
// MurmurHash3 to spread what differs in its last byte alone.
func hash(s string, seed uint64) uint64 {
	h := uint64(14695981039346656037) ^ seed
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	h = (h ^ h>>33) * 0xff51afd7ed558ccd
	h = (h ^ h>>33) * 0xc4ceb9fe1a85ec53
	return h ^ h>>33
}
