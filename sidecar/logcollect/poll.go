package logcollect

import "time"

// repairTime is how often all files are looked at where the system tells of
// changes: for those that no system tells of, as what is written through a mapping
// into memory.
const repairTime = time.Minute

// scanShare is how many times as long as a scan took there is none that only a
// hint asks for, so that a busy directory costs a tenth of a core at most.
const scanShare = 10

func (r *run) newTree() *tree { return newTree(r.root, r.bases, r.openDir) }

// plan has what this scan has found watched, and sets the time of the next one.
func (r *run) plan(began time.Time) {
	dirs, ways := r.tree.watched()
	now := time.Now()
	every := max(r.c.pollInterval(), repairTime)
	more := false
	deaf := true
	if r.watch != nil {
		more, deaf = r.watch.set(dirs, ways)
	}
	if deaf || r.trouble || r.anyDistant(dirs) {
		every = r.c.pollInterval()
	}
	r.pollAt = time.Time{}
	for _, s := range r.sources {
		if s.polled() {
			r.pollSoon(now)
		}
		if !s.away && !s.moved.IsZero() && now.Sub(s.moved) < lingerTime {
			every = min(every, r.c.pollInterval(), defaultPollInterval) // a listing misses what is renamed meanwhile
		}
	}
	asked := !r.scanAt.IsZero()
	r.hintAt = now.Add(max(scanShare*now.Sub(began), time.Millisecond))
	switch {
	case more:
		r.scanAt = now // what came before the watch was not heard
	case asked:
		r.scanAt = r.hintAt
	default:
		r.scanAt = now.Add(every)
	}
}

// anyDistant tells whether one of the directories is where others can write to
// without this system hearing of it.
func (r *run) anyDistant(dirs map[string]bool) bool {
	for dir := range dirs {
		fi, err := r.root.Stat(dir)
		if err != nil {
			continue // it went, or is in trouble
		}
		id, err := statID(r.root, dir, fi)
		if err != nil {
			return true
		}
		distant, known := r.distant[id.dev]
		if !known {
			f, err := r.openDir(dir)
			if err != nil {
				return true
			}
			distant = r.c.sys.isDistant(f)
			f.Close()
			r.distant[id.dev] = distant
		}
		if distant {
			return true
		}
	}
	return false
}

// polled tells whether the system does not tell of changes of s, or whether
// something failed that is to be tried again.
func (s *source) polled() bool {
	return !s.away && (s.err != nil || s.shared || s.name == "" && s.f != nil)
}

func (r *run) pollSoon(now time.Time) { r.pollAt = earlier(r.pollAt, now.Add(r.c.pollInterval())) }

// poll looks at the files that are polled.
func (r *run) poll(now time.Time) {
	r.pollAt = time.Time{}
	for _, s := range r.sources {
		if !s.polled() {
			continue
		}
		if s.err != nil {
			r.touch(s)
		} else {
			r.changed(s)
		}
		r.pollSoon(now)
	}
	if r.flying != nil { // for long
		r.leaveDescriptors()
	}
}

// leaveDescriptors sees to it that the process has some descriptors left, for the
// deliverer to write a checkpoint.
func (r *run) leaveDescriptors() {
	for range 4 {
		f, err := r.openDir(".")
		if err != nil {
			return
		}
		defer f.Close()
	}
}
