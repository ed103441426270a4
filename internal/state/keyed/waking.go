package keyed

import (
	"errors"

	"wire.example/wire/internal/foundation/fault"
)

const (
	// wokenAtOnce is how many hashes are found at once, wokenRead about how many entries are looked at in one call.
	wokenAtOnce = 256
	wokenRead   = 4096
)

// Sleeping is a part that entries may have left: a Table or Rows.
type Sleeping interface {
	// ReadAway gives take the entries of a key group that are away, in the order of their hashes from one on, until it answers false, and reports whether there are no more. Bytes are lent for
	// the call.
	ReadAway(group uint8, from uint64, take func(hash uint64, key, value []byte) bool) (over bool, err error)
	// enter says that a key group is gone through from its beginning, and renote that entries with a hash are away there.
	enter(group uint8)
	renote(hash uint64)
}

// Waking finds entries that are away and that no row asks for: those whose time is over, for instance. It goes through a key group of the store, some hashes at a time, which are needed for the
// next call: the operator declares them, and finds their entries in memory then. Where all key groups are gone through in their order, it notes anew which hashes are away once most of those that are noted may be no more. The zero value has
// begun with no group.
type Waking struct {
	hashes []uint64
	from   uint64
	group  uint8
	within bool
}

// Next finds the next hashes in a key group of p of which due says so of an entry, and reports whether there is more to do there. When there is not the key group is through, and is begun anew when
// it is asked for again. What is found, perhaps nothing, must be Hashes in Needs before the next call; entries that have been dealt with there are not found again.
func (w *Waking) Next(group uint8, p Sleeping, due func(key, value []byte) bool) (more bool, err error) {
	if fault.Weak("ttl/away") {
		return false, nil
	}
	if !w.within || w.group != group {
		w.group, w.from, w.within = group, uint64(group)<<groupShift, true
		p.enter(group)
	}
	w.hashes = w.hashes[:0]
	read, last := 0, uint64(0)
	over, err := p.ReadAway(group, w.from, func(hash uint64, key, value []byte) bool {
		n := len(w.hashes)
		if hash != last && (read >= wokenRead || n == wokenAtOnce) {
			w.from = hash
			return false
		}
		if read == 0 || hash != last {
			p.renote(hash)
		}
		read, last = read+1, hash
		if n > 0 && w.hashes[n-1] == hash || !due(key, value) {
			return true
		}
		w.hashes = append(w.hashes, hash)
		return true
	})
	if err != nil {
		return false, err
	}
	if over {
		// What is behind the last one is known: the next call begins at the end of the group.
		w.from = uint64(group)<<groupShift | (1<<groupShift - 1)
		if len(w.hashes) == 0 {
			w.within = false
		}
	}
	return len(w.hashes) > 0 || !over, nil
}

// Hashes are those that were found last, until they are taken. They are lent.
func (w *Waking) Hashes() []uint64 { return w.hashes }

// Take returns the hashes that were found last, whose entries are in memory now, and forgets them. They are lent until the next call of Next.
func (w *Waking) Take() []uint64 {
	hashes := w.hashes
	w.hashes = w.hashes[:0]
	return hashes
}

// Patrol has a Waking go through key groups one after the other, as many as are due. The zero value begins with the first group.
type Patrol struct {
	Waking
	group uint8
	due   int
}

// Send has the next key groups be due, beside those that are due still; all are at most.
func (p *Patrol) Send(groups int) { p.due = min(p.due+groups, Groups) }

// Out reports whether key groups are due.
func (p *Patrol) Out() bool { return p.due > 0 }

// Next is that of the Waking for the key groups that are due: it answers more until those are through.
func (p *Patrol) Next(s Sleeping, due func(key, value []byte) bool) (more bool, err error) {
	for ; p.due > 0; p.due-- {
		p.Take()
		if more, err = p.Waking.Next(p.group, s, due); more || err != nil {
			return more, err
		}
		p.group++ // there are as many groups as it has values
	}
	return false, nil
}

// readAway gives take the entries of a key group that are away; see Sleeping.
func (a *away) readAway(home Home, slice int64, group uint8, from uint64, resident func(hash uint64) bool, take func(hash uint64, key, value []byte) bool) (over bool, err error) {
	if a == nil || !a.any || a.closed || a.groups[group] == 0 && !a.isUnread(uint64(group)<<groupShift|(1<<groupShift-1)) {
		return true, nil
	}
	err = a.reader.ScanSlice(home.Space, slice, max(from, uint64(group)<<groupShift), uint64(group)<<groupShift|(1<<groupShift-1), func(hash uint64, key, value []byte) error {
		if !resident(hash) && !a.isBuried(hash) && !take(hash, key, value) {
			return errEnough
		}
		return nil
	})
	if errors.Is(err, errEnough) {
		return false, nil
	}
	return err == nil, err
}

// ReadAway gives take the keys of a key group that are away; see Sleeping.
func (t *Table) ReadAway(group uint8, from uint64, take func(hash uint64, key, value []byte) bool) (over bool, err error) {
	if t.away == nil {
		return true, nil
	}
	return t.away.readAway(t.kept.home, t.slice, group, from, t.HasHash, take)
}

// ReadAway gives take the rows of a key group that are away; see Sleeping.
func (r *Rows) ReadAway(group uint8, from uint64, take func(hash uint64, key, value []byte) bool) (over bool, err error) {
	if r.away == nil {
		return true, nil
	}
	return r.away.readAway(r.kept.home, r.slice, group, from, r.extras.Has, take)
}

// Lodgers are rows that leave memory with others, as a Sleeping: Has says of which hashes there are some in memory.
type Lodgers struct {
	*Rows
	Has func(hash uint64) bool
}

// ReadAway gives take the rows of a key group that are away; see Sleeping.
func (l Lodgers) ReadAway(group uint8, from uint64, take func(hash uint64, key, value []byte) bool) (over bool, err error) {
	if l.away == nil {
		return true, nil
	}
	return l.away.readAway(l.kept.home, l.slice, group, from, l.Has, take)
}
