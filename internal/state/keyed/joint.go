package keyed

// Unread is a part of which entries were left in the store unread, which it can read on, or a Joint of some.
type Unread interface {
	// ReadOn reads some of them; see Postponable.
	ReadOn(most int, pass bool) (more bool, err error)
}

// Joint are parts that stay unread, and are read on, together: a hash of which one of them has entries in memory has none that are away, of any of them.
type Joint struct {
	parts []JointPart
	// resident reports whether a hash has entries in memory.
	resident func(hash uint64) bool
	// putting is called with true before entries are put in, and with false behind them; it may be nil.
	putting func(on bool)
	// postponed: entries were left in the store.
	postponed bool
	// densest is the part that has the most entries, as far as was seen: how far is read is found out with it.
	densest int
}

// JointPart is a Table or Rows.
type JointPart interface {
	// Postpone leaves entries in the store; see Postponable.
	Postpone(from uint64)
	// Admit puts entries in; see Kept.
	Admit(e *Entries) error
	// unreadAt is what is known of the part's entries in the store, and where they are.
	unreadAt() (*away, Home, int64)
	refused(err error) error
}

// InJoint is a part that is restored with others; Joint is nil where it is not. That of each part is the same one.
type InJoint interface {
	Evictable
	Joint() *Joint
}

// NewJoint returns a joint of parts, all of one slice, which may leave memory. They are put in in their order; resident says which hashes have entries in memory. If putting is not nil it is called with true before entries are
// put in, and with false behind them.
func NewJoint(resident func(hash uint64) bool, putting func(on bool), parts ...JointPart) *Joint {
	return &Joint{resident: resident, putting: putting, parts: parts}
}

// Postpone leaves all entries in the store; see Postponable.
func (j *Joint) Postpone(from uint64) {
	j.postponed = true
	for _, p := range j.parts {
		p.Postpone(from)
	}
}

// Postponed reports whether Postpone was called: otherwise parts were restored one after the other, and some may have entries in memory of hashes of which others have left some in the store.
func (j *Joint) Postponed() bool { return j.postponed }

// ReadOn reads about most of the unread entries of each part, with the lowest hashes; see Postponable.
func (j *Joint) ReadOn(most int, pass bool) (more bool, err error) {
	to, first := ^uint64(0), j.densest
	for i := range j.parts {
		n := (first + i) % len(j.parts)
		a, home, slice := j.parts[n].unreadAt()
		if !a.unread {
			continue
		}
		last, some, err := a.fetch(home, slice, min(to, home.To), most, j.resident)
		if err != nil {
			j.drop()
			if isShort(err) { // what is unread stays so
				err = nil
			}
			return false, err
		}
		if some {
			to, more, j.densest = last, true, n
		}
	}
	if pass {
		return j.pass(to, more), nil
	}
	for _, p := range j.parts {
		if a, _, _ := p.unreadAt(); a.unread {
			a.copied.cut(to)
			a.readTo(to, more)
		}
	}
	if j.putting != nil {
		j.putting(true)
		defer j.putting(false)
	}
	for _, p := range j.parts {
		a, _, _ := p.unreadAt()
		if err := a.give(p.Admit); err != nil {
			j.drop()
			return false, p.refused(err)
		}
		a.recount()
	}
	return more, nil
}

// pass notes what was fetched of each part, with hashes up to to, and reports whether there is more to read. Where there is no memory for that all of it stays unread, and nothing more is read.
func (j *Joint) pass(to uint64, more bool) bool {
	noted := true
	for _, p := range j.parts {
		a, _, _ := p.unreadAt()
		a.copied.cut(to)
		noted = noted && a.give(a.pass) == nil
		a.drop()
	}
	if !noted {
		return false
	}
	for _, p := range j.parts {
		if a, _, _ := p.unreadAt(); a.unread {
			a.readTo(to, more)
			a.recount()
		}
	}
	return more
}

// drop forgets all entries that were copied.
func (j *Joint) drop() {
	for _, p := range j.parts {
		a, _, _ := p.unreadAt()
		a.drop()
	}
}

func (t *Table) unreadAt() (*away, Home, int64) { return t.away, t.kept.home, t.slice }

func (r *Rows) unreadAt() (*away, Home, int64) { return r.away, r.kept.home, r.slice }

func (r *Rows) refused(err error) error { return outOfMemory(r.name, err) }
