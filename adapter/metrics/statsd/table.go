package statsd

import (
	"cmp"
	"hash/maphash"
	"slices"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/podpatterns/podpatterns/adapter/metrics"
)

// A table is all that was counted, and how.
type table struct {
	// walking is held by what goes over all series, so that none of them goes
	// while another one looks. It comes before mu.
	walking sync.Mutex

	mu       sync.Mutex // of all that follows
	rules    []*pattern
	styles   TagStyles
	observer *Observer
	ttl      time.Duration
	limit    int // of series
	carrier  string
	absolute bool
	longest  int   // bytes of a line
	period   int64 // of sets, in nanoseconds

	cache    *cache
	families map[string]*family // by key
	order    []*family
	names    map[string]*family // who has a name; nil for those of the source itself
	series   int
	bytes    int // of their names and labels
	era      int // grows when series have ended
	budget   budget
	began    int64 // when it began to count
	count    counts
}

// counts are the table's own.
type counts struct {
	packets    [transports]uint64
	bytes      [transports]uint64
	samples    [ops]uint64
	rejected   [reasons]uint64
	events     [len(eventTypes)]uint64
	checks     [len(checkStates)]uint64
	dropped    uint64 // by rules
	overflowed uint64
	expired    uint64 // series
}

// configure makes the table one of s, and keeps what it has counted.
func (t *table) configure(s *Source, rules []*pattern) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.rules, t.styles, t.observer = rules, s.TagStyles, &s.Observer
	t.carrier, t.absolute, t.longest = s.ContainerLabel, s.AbsoluteGauges, s.maxLine()
	t.ttl, t.limit, t.period = s.ttl(), s.maxSeries(), int64(s.setWindow())
	t.cache = newCache(2 * t.limit)
	t.era++
	if t.families == nil {
		t.families, t.names = map[string]*family{}, map[string]*family{}
		for _, name := range ownNames {
			t.names[name] = nil
		}
		t.budget.left = s.maxSetValues()
		t.began = time.Now().UnixNano()
	}
}

// learn finds what a sample does whose name and tail are not known, and keeps it
// if it will be the same the next time. next is where another value begins in
// text, and 0 if there is none.
func (t *table) learn(name, values, text []byte, now int64) (k *known, stamp int64, next int, why reason) {
	tail, why := readTail(text)
	next = tail.next
	if why == taken {
		why = tail.usable(values)
	}
	if why != taken {
		return nil, 0, next, why
	}
	if len(name) > longestName {
		return nil, 0, next, tooLong
	}
	if !utf8.Valid(name) || !utf8.Valid(text) {
		return nil, 0, next, badEncoding
	}
	own := text
	if next > 0 {
		own = text[:next-1]
	}
	k = &known{name: string(name), tail: string(own), op: tail.op, weight: tail.weight, era: t.era}
	if why := t.place(k, name, &tail, now); why != taken {
		return nil, 0, next, why
	}
	if tail.stamp == 0 { // another time has another tail, so it is not worth keeping
		t.cache.keep(t.cache.hash(name, own), k)
	}
	return k, tail.stamp, next, taken
}

const longestName = 1024

// place finds the series that k adds to, or makes it.
func (t *table) place(k *known, name []byte, tail *tail, now int64) reason {
	bare, inName, ok := t.styles.cut(name, nil)
	if !ok || len(inName) > 0 && len(tail.tags) > 0 { // of two styles only one is meant
		return badTag
	}
	if len(bare) == 0 {
		return badLine
	}
	labels := append(inName, tail.tags...)
	if t.carrier != "" && tail.container != "" {
		labels = append(labels, metrics.Label{Name: t.carrier, Value: tail.container})
	}
	called, help, observer, ttl := string(bare), "", t.observer, t.ttl
	for _, p := range t.rules {
		parts, ok := p.match(called, k.op)
		if !ok {
			continue
		}
		if p.Drop {
			k.drop = true
			return taken
		}
		labels = p.labels(labels, parts)
		called, observer, ttl = expand(p.Name, parts), cmp.Or(p.Observer, observer), cmp.Or(p.TTL, ttl)
		help = cmp.Or(p.Help, "Samples of StatsD that match "+cmp.Or(p.Match, p.Regexp)+".")
		break
	}
	return t.find(k, called, help, observer, metrics.LabelsOf(labels), now, max(ttl, 0))
}

func (t *table) find(k *known, name, help string, observer *Observer, labels *metrics.Labels, now int64, ttl time.Duration) reason {
	key := keyOf(name, k.op)
	f := t.families[key]
	if f != nil && !f.same(k.op) {
		return conflict
	}
	text := labels.Text()
	if f != nil {
		k.family = f
		if k.series = f.by[text]; k.series != nil {
			return taken
		}
	}
	size := len(name) + len(text)
	full := t.series >= t.limit || t.bytes+size > t.limit*bytesEach
	switch {
	case f == nil && full:
		return seriesFull
	case f == nil:
		f = newFamily(name, key, cmp.Or(help, "Samples of StatsD with the name "+name+"."), k.op, observer)
		for _, n := range f.takes {
			if _, has := t.names[n]; has {
				return conflict
			}
		}
		for _, n := range f.takes {
			t.names[n] = f
		}
		t.families[key] = f
		t.order = append(t.order, f)
		k.family = f
	case full:
		k.over = true
		if f.over == nil {
			f.over = f.fresh(overflow, now, ttl)
		}
		k.series = f.over
		return taken
	}
	k.series = f.fresh(labels, now, ttl)
	f.by[text] = k.series
	f.series = append(f.series, k.series)
	t.series++
	t.bytes += size
	return taken
}

// expire ends the series that nothing was heard of for as long as their time-out.
func (t *table) expire(now time.Time) {
	t.walking.Lock()
	defer t.walking.Unlock()
	t.mu.Lock()
	families := slices.Clone(t.order)
	t.mu.Unlock()
	for _, f := range families {
		t.mu.Lock()
		t.expireFamilyLocked(f, now.UnixNano())
		t.mu.Unlock()
	}
}

func (t *table) expireFamilyLocked(f *family, now int64) {
	before := len(f.series)
	f.series = slices.DeleteFunc(f.series, func(s *series) bool {
		if s.set != nil {
			s.set.turn(t.periodOf(now), &t.budget)
		}
		if !s.ended(now) {
			return false
		}
		delete(f.by, s.labels.Text())
		t.bytes -= len(f.desc.Name) + len(s.labels.Text())
		t.end(s)
		return true
	})
	t.series -= before - len(f.series)
	if f.over != nil {
		if f.over.set != nil {
			f.over.set.turn(t.periodOf(now), &t.budget)
		}
		if f.over.ended(now) {
			t.end(f.over)
			f.over = nil
		}
	}
	if len(f.series) > 0 || f.over != nil {
		return
	}
	for _, n := range f.takes {
		delete(t.names, n)
	}
	delete(t.families, f.key)
	t.order = slices.DeleteFunc(t.order, func(o *family) bool { return o == f })
}

// end empties s: what still points to it needs it only to see that.
func (t *table) end(s *series) {
	if s.set != nil {
		t.budget.left += len(s.set.values)
	}
	*s = series{dead: true}
	t.era++
	t.count.expired++
}

func (s *series) ended(now int64) bool { return s.ttl > 0 && now-s.seen >= s.ttl }

func (t *table) periodOf(now int64) int64 { return now / t.period }

// member is a value of a set.
func (t *table) member(value []byte) uint64 { return maphash.Bytes(t.cache.seed, value) }
