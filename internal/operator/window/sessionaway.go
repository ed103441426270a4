package window

import (
	"cmp"
	"encoding/binary"
	"math"
	"slices"

	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/internal/state/store"
)

// sessionsAway is what Sessions know of keys that the store alone has: when the first session of each closes. That takes 16 to 64 bytes a key, of the budget.
type sessionsAway struct {
	// asleep are those times, with the hashes of the keys. A key that has come back may be among them still.
	// They lie in several heaps, by hash, so that little memory is needed for one to grow.
	asleep [heaps]dues
	// most is how many there are at most before those are forgotten that have no meaning any more.
	most int
	// waking: keys are to be loaded, since it is time to look at them.
	waking bool
	low    int64
	hashes []uint64
}

// sessionsPart is the table of Sessions' keys as a part that may leave memory.
type sessionsPart struct {
	*keyed.Table
	s *Sessions
}

const (
	heaps     = 64
	heapShift = 58
	// wakeShare: keys that are loaded at once take about this part of what is low, at keyBytes each.
	wakeShare = 5
	keyBytes  = 512
	leastWake = 16
	mostWake  = 8192
)

// Leaves reports whether keys may leave memory: nothing is told of a session but when it closes, and then it is forgotten.
func (s *Sessions) Leaves() bool { return s.table != nil && !s.cfg.changes() }

// Attach lets keys leave memory; see keyed.Evictable.
func (p *sessionsPart) Attach(r store.Reader, low int64) {
	p.Table.Attach(r, low)
	p.s.away = &sessionsAway{low: low}
	for i := range p.s.away.asleep {
		p.s.away.asleep[i].budget = p.s.budget
	}
}

// Evict has keys leave memory; see keyed.Evictable.
func (p *sessionsPart) Evict(want int, settled bool) (evicted int, err error) {
	if p.s.running {
		return 0, nil
	}
	if err := p.s.forgetAwake(); err != nil {
		return 0, op.OutOfMemory(p.s.cfg.Name, err)
	}
	evicted, err = p.Table.Evict(want, settled)
	if evicted > 0 {
		p.s.forgetStale()
	}
	return evicted, err
}

// Depart has all keys leave memory; see keyed.Departing. It is never for good.
func (p *sessionsPart) Depart(bool) error {
	s := p.s
	if s.running {
		return nil
	}
	if err := s.forgetAwake(); err != nil {
		return op.OutOfMemory(s.cfg.Name, err)
	}
	for group := range op.KeyGroups {
		for key := range s.table.Slots(uint8(group)) { //nolint:gosec // below 256
			if err := s.sleep(s.table.HashOf(key), s.dueOf(key)); err != nil {
				return op.OutOfMemory(s.cfg.Name, err)
			}
		}
	}
	return p.Table.Depart(false)
}

// Pass leaves keys in the store; see keyed.Evictable.
func (p *sessionsPart) Pass(e *keyed.Entries) error {
	s := p.s
	for i, value := range e.Values {
		end, err := s.firstEnd(value)
		if err == nil {
			err = s.sleep(e.Hashes[i], s.closeTime(end))
		}
		if err != nil {
			return op.OutOfMemory(s.cfg.Name, err)
		}
	}
	return p.Table.Pass(e)
}

// firstEnd returns the least end of the sessions that appendKey wrote.
func (s *Sessions) firstEnd(value []byte) (first int64, err error) {
	corrupt := &keyed.CorruptError{What: "sessions of " + s.cfg.Name, Reason: "they do not end where they should"}
	id, err := s.take()
	if err != nil {
		return 0, err
	}
	defer s.give(id)
	left, n := binary.Uvarint(value)
	if n <= 0 {
		return 0, corrupt
	}
	first = math.MaxInt64
	for value = value[n:]; left > 0; left-- {
		_, n := binary.Varint(value)
		end, m := binary.Varint(value[max(n, 0):])
		if n <= 0 || m <= 0 || n+m >= len(value) {
			return 0, corrupt
		}
		first, value = min(first, end), value[n+m+1:]
		for _, c := range s.calls {
			if value, err = c.state.Restore(id, value); err != nil {
				return 0, err
			}
			c.state.Free(id)
		}
	}
	return first, nil
}

// sleep notes that a key has left memory, or stays in the store.
func (s *Sessions) sleep(hash uint64, micros int64) error {
	return s.away.asleep[hash>>heapShift].push(due{micros, hash})
}

// dueOf is when the first session of a key must be looked at.
func (s *Sessions) dueOf(key uint32) int64 {
	first := int64(math.MaxInt64)
	for id := *s.newest.At(key); id != none; id = s.sessions.At(id).next {
		first = min(first, s.sessions.At(id).due)
	}
	return first
}

// leave forgets the sessions of a key that leaves memory. Without memory for its time it stays.
func (s *Sessions) leave(key uint32) bool {
	if s.sleep(s.table.HashOf(key), s.dueOf(key)) != nil {
		return false
	}
	for id := *s.newest.At(key); id != none; {
		next := s.sessions.At(id).next
		s.give(id)
		id = next
	}
	*s.newest.At(key) = none
	return true
}

// forgetStale forgets times of sessions that are not there any more, once those are many.
func (s *Sessions) forgetStale() {
	if len(s.dues.list) < 2*int(s.used)+fewStale {
		return
	}
	s.dues.keep(func(t due) bool {
		at := s.sessions.At(uint32(t.id)) //nolint:gosec // the number of a session
		return at.marks&live != 0 && at.due == t.micros
	})
}

// fewStale times without meaning are too few to be looked for.
const fewStale = 1 << 12

// forgetAwake forgets, once they are many, times of keys that have come back, and all but the first of a key that has left several times; and what the table has noted of keys which are
// not away any more. A time that stays beyond its key's end makes it loaded in vain at the worst. What stays is at most one time for each key that has a session, since sessions of a key
// never end earlier than before.
func (s *Sessions) forgetAwake() error {
	a := s.away
	if n := a.len(); n < a.most+fewStale && s.table.Noted() < 2*n+fewStale {
		return nil
	}
	for i := range a.asleep {
		d := &a.asleep[i]
		slices.SortFunc(d.list, func(x, y due) int { return cmp.Or(cmp.Compare(x.id, y.id), cmp.Compare(x.micros, y.micros)) })
		last, begun := uint64(0), false
		d.keep(func(t due) bool {
			if begun && t.id == last {
				return false
			}
			last, begun = t.id, true
			return !s.table.HasHash(t.id)
		})
	}
	a.most = 2 * a.len()
	return s.table.Note(func(yield func(uint64) bool) {
		for i := range a.asleep {
			for _, t := range a.asleep[i].list {
				if !yield(t.id) {
					return
				}
			}
		}
	})
}

// len is how many times there are.
func (a *sessionsAway) len() (n int) {
	for i := range a.asleep {
		n += len(a.asleep[i].list)
	}
	return n
}

// vacate gives the memory of all sessions back: their keys have left.
func (s *Sessions) vacate() {
	s.newest.Free()
	s.sessions.Free()
	s.dues.free()
	for _, c := range s.calls {
		c.state.Close()
		c.reset()
	}
	s.used, s.free, s.batch.spare = 0, none, none
}

// wakes reports whether keys must be loaded that it is time to look at.
func (s *Sessions) wakes() bool {
	if s.away == nil {
		return false
	}
	s.away.waking = slices.ContainsFunc(s.away.asleep[:], func(d dues) bool { return len(d.list) > 0 && d.list[0].micros <= s.mark })
	return s.away.waking
}

// needs declares the next keys that it is time to look at.
func (a *sessionsAway) needs(mark int64, needs *op.Needs) {
	if !a.waking {
		return
	}
	a.waking = false
	a.hashes = a.hashes[:0]
	most := min(max(a.low/wakeShare/keyBytes, leastWake), mostWake)
	for i := range a.asleep {
		for int64(len(a.hashes)) < most {
			t, ok := a.asleep[i].pop(mark)
			if !ok {
				break
			}
			a.hashes = append(a.hashes, t.id)
		}
	}
	needs.Keys(0, a.hashes)
}

// keep forgets times for which wanted, which is asked of each in turn, says no, and gives back memory if few are left.
func (d *dues) keep(wanted func(due) bool) {
	d.list = slices.DeleteFunc(d.list, func(t due) bool { return !wanted(t) })
	if room := len(d.list) * 3 / 2; cap(d.list) > 2*room && d.budget.TryReserve(int64(room)*dueBytes) {
		fewer := make([]due, len(d.list), room)
		copy(fewer, d.list)
		d.budget.Release(d.held)
		d.list, d.held = fewer, int64(room)*dueBytes
	}
	slices.SortFunc(d.list, func(a, b due) int { return cmp.Compare(a.micros, b.micros) }) // in their order they are a heap
}
