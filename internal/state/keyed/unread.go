package keyed

import (
	"bytes"
	"errors"

	"wire.example/wire/internal/foundation/fault"
	"wire.example/wire/internal/foundation/limit"
)

// A restore need not look at entries that may leave memory anyway: those with hashes from some frontier on stay in the store, unread. As long as they do, each hash from there on counts as one that may be away. They are read
// when somebody asks for their hashes, and in the order of hashes whenever there is time: the frontier moves on.

// Postponable is an Evictable of which entries may stay in the store, unread, when the rest was restored.
type Postponable interface {
	Evictable
	// MayPostpone reports whether they may: nothing needs to be known of what is not in memory. All entries are of one slice.
	MayPostpone() bool
	// Postpone leaves the entries with hashes from from on in the store. None of them was put in. It is called once, when all others were, before anything else.
	Postpone(from uint64)
	// ReadOn reads about most of the unread entries with the lowest hashes, fewer where they are large, and puts those in that are not in memory, or with pass only notes that they are in the store, as Pass does. It reports whether
	// there are more to read: none, either, if there is no memory to read or to note them, and what is unread stays so. The error is one of the store, a *CorruptError or, without pass, SQLSTATE 53200.
	ReadOn(most int, pass bool) (more bool, err error)
}

// Numbered is a Postponable that numbers its entries: while some are unread it must know the highest number from elsewhere.
type Numbered interface {
	Postponable
	// Highest is the highest number that an entry has, or had.
	Highest() uint64
	// Above has later entries get higher numbers than one.
	Above(highest uint64)
}

// isUnread reports whether nobody has looked at what the store has of a hash.
func (a *away) isUnread(hash uint64) bool { return a.unread && hash >= a.frontier }

// mayHave reports whether entries of a hash may be in the store alone, unless some are in memory.
func (a *away) mayHave(hash uint64) bool {
	return a.isUnread(hash) || a.groups[hash>>groupShift] > 0 && a.has(hash)
}

// recount notes whether anything is away.
func (a *away) recount() { a.any = a.unread || a.groups != [Groups]uint64{} }

// postpone leaves entries unread.
func (a *away) postpone(from uint64) {
	if fault.Weak("state/unread") { // what is not in memory is not there
		return
	}
	a.unread, a.frontier, a.any = true, from, true
}

// readOn reads about most unread entries of a slice; see Postponable.
func (a *away) readOn(home Home, slice int64, most int, pass bool, resident func(hash uint64) bool, admit func(*Entries) error) (more bool, err error) {
	if !a.unread {
		return false, nil
	}
	last, more, err := a.fetch(home, slice, home.To, most, resident)
	if err != nil {
		a.drop()
		if isShort(err) { // what is unread stays so
			err = nil
		}
		return false, err
	}
	noted := !pass || a.give(a.pass) == nil
	if !noted { // what is unread stays so
		return false, nil
	}
	a.readTo(last, more)
	if err := a.give(admit); err != nil { // nothing with pass
		return false, err
	}
	a.recount()
	return more, nil
}

// isShort reports whether an error says that there is no memory for copies.
func isShort(err error) bool {
	var exceeded *limit.ExceededError
	return errors.As(err, &exceeded)
}

// fetch copies about most unread entries of a slice, with hashes up to to, but for those whose hashes are resident or buried. It returns the last hash that was read, and whether there are more. The error is the store's, or a
// refusal of the budget: those of one hash are copied all.
func (a *away) fetch(home Home, slice int64, to uint64, most int, resident func(hash uint64) bool) (last uint64, more bool, err error) {
	seen, size := 0, int64(0)
	err = a.reader.ScanSlice(home.Space, slice, a.frontier, to, func(hash uint64, key, value []byte) error {
		if (seen >= most || size > a.atOnce()) && hash != last {
			return errEnough
		}
		last = hash
		seen, size = seen+1, size+int64(len(key)+len(value))
		if !bytes.HasSuffix(key, a.label) || a.isBuried(hash) || resident(hash) {
			return nil
		}
		return a.copied.add(a.budget, a.atOnce(), slice, hash, key, value)
	})
	if more = errors.Is(err, errEnough); more {
		err = nil
	}
	return last, more, err
}

// readTo notes that what has hashes up to last is not unread any more: it is put in, or noted.
func (a *away) readTo(last uint64, more bool) {
	if a.frontier, a.unread = last+1, more; !more {
		a.frontier = 0
	}
}

// pass notes that entries are in the store, which were unread. The error is a refusal of the budget.
func (a *away) pass(e *Entries) error {
	bytes := 0
	for i, key := range e.Keys {
		bytes += len(key) + len(e.Values[i])
	}
	a.keyBytes = max(a.keyBytes, int64(bytes/max(e.Len(), 1)))
	for _, hash := range e.Hashes {
		if err := a.addRead(hash); err != nil {
			return err
		}
	}
	return nil
}

// countUnread counts what is unread by its key groups: all of it is read range by range from now on.
func (a *away) countUnread(home Home, slice int64, resident func(hash uint64) bool) error {
	if !a.unread {
		return nil
	}
	a.unread = false
	n, bytes := int64(0), int64(0)
	err := a.reader.ScanSlice(home.Space, slice, a.frontier, home.To, func(hash uint64, key, value []byte) error {
		if !resident(hash) {
			a.groups[hash>>groupShift]++
			n, bytes = n+1, bytes+int64(len(key)+len(value))
		}
		return nil
	})
	a.keyBytes = max(a.keyBytes, bytes/max(n, 1))
	return err
}

// MayPostpone reports whether keys may stay unread: Values say so; see Postponable.
func (t *Table) MayPostpone() bool { return t.values.Leave && t.values.Postpone }

// Postpone leaves keys unread; see Postponable.
func (t *Table) Postpone(from uint64) {
	t.kept.used = true // there is something to drop
	t.away.postpone(from)
}

// ReadOn reads unread keys; see Postponable.
func (t *Table) ReadOn(most int, pass bool) (more bool, err error) {
	more, err = t.away.readOn(t.kept.home, t.slice, most, pass, t.HasHash, t.Admit)
	return more, t.refused(err)
}

// HasUnread reports whether rows are unread.
func (r *Rows) HasUnread() bool { return r.away != nil && r.away.unread }

// CountUnread counts what is unread by its key groups, before all rows leave for good: all of it is read range by range from now on. resident says which hashes have rows in memory.
func (r *Rows) CountUnread(resident func(hash uint64) bool) error {
	return r.away.countUnread(r.kept.home, r.slice, resident)
}

// MayPostpone reports whether rows may stay unread: Extras say so; see Postponable.
func (r *Rows) MayPostpone() bool { return r.extras.Postpone && r.MayLeave() }

// Postpone leaves rows unread; see Postponable.
func (r *Rows) Postpone(from uint64) {
	r.kept.used = true
	r.away.postpone(from)
}

// ReadOn reads unread rows; see Postponable.
func (r *Rows) ReadOn(most int, pass bool) (more bool, err error) {
	more, err = r.away.readOn(r.kept.home, r.slice, most, pass, r.extras.Has, r.Admit)
	return more, outOfMemory(r.name, err)
}

// Highest is the highest number that a row has, or had; see Numbered.
func (r *Rows) Highest() uint64 { return r.kept.last }

// Above has later rows get higher numbers; see Numbered.
func (r *Rows) Above(highest uint64) { r.kept.last = max(r.kept.last, highest) }
