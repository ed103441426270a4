package timejoin

import (
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
)

// Rows that have left memory and come out alone when their time is over are found in the store, slice by slice, once that time comes near: their times and hashes are noted, and those that are due are
// asked for by their hashes, some at a time. What is read then comes out as any row in memory does.

const (
	// seenParts: the times of rows that are away are noted ahead by this part of a slice.
	seenParts = 8
	// askedRows is how many hashes are asked for at once, readRows how many rows are decoded at once.
	askedRows = 512
	readRows  = 256
	// askedFirst is how many hashes are asked for while nobody knows what they bring, askedShare the part of what is low that they may bring.
	askedFirst = 16
	askedShare = 8
	// notedRows is how many rows of a slice that ends are noted at once.
	notedRows = 1 << 14
)

// sleeping are the rows of a slice that have left memory and may come out alone.
type sleeping struct {
	// seen is the time before which rows are in due, but for those in memory; at is how far they have been read where all come out.
	seen int64
	due  due[uint64]
	at   keyed.Bookmark
	over bool
}

// asking is what the next call needs: rows of a slice of an input that are to come out.
type asking struct {
	active bool
	input  int
	number int64
	hashes []uint64
	most   int // of hashes; 0: nobody knows
}

// learn notes that what was asked for last has brought so many bytes, of which many may be brought at once: more hashes, or fewer, are asked for.
func (a *asking) learn(brought, many int64) {
	switch {
	case brought > many:
		a.most = max(int(int64(len(a.hashes))*many/brought), 1)
	case a.most == 0:
		a.most = askedFirst
	default:
		a.most = min(a.most*2, askedRows)
	}
}

// needsAsked declares what the call of an event needs.
func (j *Interval) needsAsked(needs *op.Needs) {
	for i, s := range j.stores {
		s.loaded = 0
		s.wanted = wanted{from: future, to: past, first: future, last: past}
		switch {
		case j.asked.active && j.asked.input == i:
			s.wanted.first, s.wanted.last = j.asked.number, j.asked.number
			needs.Keys(i, j.asked.hashes)
		case s.waits && !s.hasAway():
			needs.All(i)
		}
	}
}

// ask finds rows of a slice before the horizon that are away and come out alone, and has the next call need them. It reports whether there are any; what was asked for is in memory.
func (j *Interval) ask(input int, p *slice, horizon int64, all bool) (asked bool, err error) {
	s, z, a := j.stores[input], &p.sleeping, &j.asked
	loaded := a.active && a.input == input
	a.active = false
	if !s.waits || !p.rows.HasAway() { // none comes out alone, or all are in memory
		return false, nil
	}
	if loaded || a.most == 0 {
		a.learn(s.loaded, s.kept.low/askedShare)
	}
	for {
		if err := s.rouse(p, horizon, all, add(horizon, max(1, j.widths[input]/seenParts))); err != nil {
			return false, err
		}
		if hashes := z.due.take(a.most); len(hashes) > 0 {
			a.active, a.input, a.number, a.hashes = true, input, p.number, append(a.hashes[:0], hashes...)
			return true, nil
		}
		if !all || z.over {
			return false, nil
		}
	}
}

// rouse makes rows ready that are away and whose time is before the horizon; it reads up to a time ahead.
func (s *store) rouse(p *slice, horizon int64, all bool, ahead int64) error {
	z := &p.sleeping
	switch {
	case z.due.any() && !s.ranged:
		return nil
	case all && !z.over:
		z.seen = future
		if err := s.list(p, past, future, notedRows); err != nil {
			return err
		}
	case !all && horizon > z.seen:
		from := z.seen
		z.seen, z.at = ahead, keyed.Bookmark{}
		if err := s.list(p, from, ahead, future); err != nil {
			return err
		}
		z.at, z.over = keyed.Bookmark{}, false
	}
	if all {
		return op.OutOfMemory(s.name, z.due.flush())
	}
	return op.OutOfMemory(s.name, z.due.advance(horizon))
}

// list notes rows of a slice that are away, may come out and have a time from..to-1, most of them at once, from where the bookmark is.
func (s *store) list(p *slice, from, to, most int64) error {
	z := &p.sleeping
	for noted := int64(0); noted < most && !z.over; {
		taken := &s.taken
		taken.Reset()
		over, err := p.rows.Read(&z.at, ^uint64(0), func(hash uint64, key, value []byte) bool {
			return !s.sleeps(markOf(value)) || !s.ranged && p.table.HasHash(hash) || taken.Take(hash, key, value)
		})
		if err != nil {
			return err
		}
		z.over = over
		cols, err := s.decode(p, taken.Keys, taken.Values)
		if err != nil {
			return err
		}
		for i, micros := range cols[s.time].Int64s()[:taken.Len()] {
			if micros < from || micros >= to && to != future {
				continue
			}
			noted++
			if err := z.due.push(micros, taken.Hashes[i]); err != nil {
				return op.OutOfMemory(s.name, err)
			}
		}
	}
	return nil
}

// sleeps reports whether a row that is away comes out, by its mark: alone, or in a window that is not closed.
func (s *store) sleeps(mark uint8) bool { return mark == open || s.ranged && mark&settled == 0 }

// markOf is the mark of a stored row; one that is no row has none that counts.
func markOf(value []byte) uint8 {
	if len(value) == 0 {
		return settled
	}
	return value[0]
}

// decode returns the columns of stored rows of a slice, lent until the next call.
func (s *store) decode(p *slice, keys, values [][]byte) ([]*batch.Column, error) {
	if s.read == nil {
		for _, t := range s.cfg.types(s.input) {
			s.read = append(s.read, batch.NewColumn(s.cfg.Pool, t))
		}
	}
	return s.read, p.rows.Decode(keys, values, s.read)
}

// doze notes rows in memory that are about to leave it, as far as those that are away are noted.
func (s *store) doze(p *slice) error {
	p.due.free()
	z := &p.sleeping
	if !s.waits && !s.ranged || z.seen == past {
		return nil
	}
	var ids [readRows]uint32
	for c := (keyed.Cursor{}); ; {
		n := p.rows.Scan(&c, ids[:])
		if n == 0 {
			return nil
		}
		p.rows.Gather(ids[:n], s.own)
		for i, micros := range s.own[s.time].Int64s()[:n] {
			if !s.sleeps(*p.rows.Mark(ids[i])) || micros >= z.seen && z.seen != future {
				continue
			}
			if err := z.due.push(micros, p.rows.HashOf(ids[i])); err != nil {
				return op.OutOfMemory(s.name, err)
			}
		}
	}
}

// hasAway reports whether rows of a slice have left memory.
func (s *store) hasAway() bool {
	for _, p := range s.slices {
		if p.rows.HasAway() {
			return true
		}
	}
	return false
}
