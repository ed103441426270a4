package timejoin

import (
	"iter"
	"math"

	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
	durable "wire.example/wire/internal/state/store"
	"wire.example/wire/sdk/batch"
)

// Rows of an Interval join leave memory by slices, all that are there of one, and come back by their keys, in the slices that rows at work may look into. A slice whose time is over is dropped whole,
// wherever its rows are. Rows that come out alone when their time is over, since they found no match, are looked for then (waking.go).

// wanted are the slices of which keys are loaded: those with times from..to that a row of the other input looks into, and those of the numbers first..last, in which rows are to be stored.
type wanted struct{ from, to, first, last int64 }

// Leaves reports whether rows of an input may leave memory.
func (j *Interval) Leaves() bool {
	return j.stores[LeftInput].MayLeave() || j.stores[RightInput].MayLeave()
}

// Needs declares the keys of in, on both sides; a watermark needs rows that it may let come out.
func (j *Interval) Needs(input int, in *batch.Batch, needs *op.Needs) {
	if in == nil {
		j.needsAsked(needs)
		return
	}
	s := j.stores[input]
	able, _ := s.keys.divide(in)
	if able.Rows() == 0 {
		return
	}
	low, high := extent(able, s.time)
	number := j.numbering(input)
	s.wanted = wanted{from: future, to: past, first: number(low), last: number(high)}
	from, _ := j.cfg.reach(input, low)
	_, to := j.cfg.reach(input, high)
	j.stores[1-input].wanted = wanted{from: from, to: to, first: future, last: past}
	hashes := s.keys.hash(able)
	for i := range j.stores {
		needs.Keys(i, hashes)
	}
}

// Separate returns the hashes of the keys of in, if all of its rows have one; see op.Separable.
func (j *Interval) Separate(input int, in *batch.Batch) []uint64 {
	k := j.stores[input].keys
	if able, _ := k.divide(in); able.Rows() < in.Rows() {
		return nil
	}
	return k.hash(in)
}

// has reports whether rows of a slice are wanted.
func (w *wanted) has(p *slice) bool {
	return p.min <= w.to && p.max >= w.from || p.number >= w.first && p.number <= w.last
}

// MayLeave reports whether rows may leave memory: nothing but their keys finds them.
func (s *store) MayLeave() bool { return s.ranged || s.indexed && len(s.keys.columns) > 0 }

// Resident reports whether nothing is to be loaded.
func (s *store) Resident() bool {
	if s.guard != nil {
		return false
	}
	return s.ranged || !s.hasAway()
}

// Load makes the rows of the keys of hashes, and of groups, resident until the next Load; of an Interval join those of wanted slices.
func (s *store) Load(hashes []uint64, groups [op.KeyGroups / 64]uint64) error {
	if err := s.anchor.Load(hashes, groups); err != nil {
		return err
	}
	for _, p := range s.slices {
		if !p.rows.HasAway() || !s.wanted.has(p) {
			continue
		}
		before := p.rows.Bytes()
		if err := p.rows.Load(hashes, groups); err != nil {
			return err
		}
		s.loaded += p.rows.Bytes() - before
	}
	return nil
}

// Absent is about how many keys of hashes a Load would look for in the store: in the wanted slice that has most of them; see op.Counting.
func (s *store) Absent(hashes []uint64) int {
	most := 0
	for _, p := range s.slices {
		if p.rows.HasAway() && s.wanted.has(p) {
			most = max(most, p.rows.Absent(hashes))
		}
	}
	return most
}

// Attach lets rows leave memory; see keyed.Evictable.
func (s *store) Attach(r durable.Reader, low int64) {
	s.kept.reader, s.kept.low, s.taken.MostBytes = r, low, keyed.TakenBytes(low)
	for _, p := range s.slices {
		p.rows.Attach(r, low)
	}
}

const (
	// worthShare is which part of what is low rows must take for any to leave memory, sliceShare which part those of a slice: to know what has left takes memory, too.
	worthShare = 8
	sliceShare = 64
)

// Room is how many rows can be put in before memory grows; see keyed.Evictable. Few rows are not worth it; memory that many take is given back when they leave.
func (s *store) Room() int {
	var bytes int64
	for _, p := range s.slices {
		bytes += p.rows.Bytes()
	}
	if bytes < s.kept.low/worthShare {
		return math.MaxInt
	}
	return 0
}

// Evict has the rows of whole slices leave memory, of the largest first; see keyed.Evictable.
func (s *store) Evict(want int, settled bool) (evicted int, err error) {
	if !settled { // a slice of which nothing is written any more can be forgotten
		return 0, nil
	}
	tried := map[*slice]bool{}
	for evicted < want {
		p := s.largest(tried)
		if p == nil {
			break
		}
		if tried[p] = true; !p.clean() {
			continue
		}
		evicted += p.rows.Len()
		if err := s.depart(p); err != nil {
			return evicted, err
		}
	}
	return evicted, nil
}

// largest returns the slice that takes the most memory, of those that are worth it and not in but; nil if there is none.
func (s *store) largest(but map[*slice]bool) (found *slice) {
	for _, p := range s.slices {
		if p.rows.Len() == 0 || p.rows.Bytes() < s.kept.low/sliceShare || !s.movable(p) || but[p] {
			continue
		}
		if found == nil || p.rows.Bytes() > found.rows.Bytes() {
			found = p
		}
	}
	return found
}

// movable reports whether the rows of a slice may leave memory now.
func (s *store) movable(p *slice) bool { return !p.joining && !s.nameless(p) }

// nameless reports whether a slice may get another number, as that of rows which came before any time was known: it is not looked for where it was.
func (s *store) nameless(p *slice) bool { return p.number == past }

// clean reports whether the store has all rows as they are, nothing being left to write of the sealed epoch.
func (p *slice) clean() bool {
	var ids [256]uint32
	for c := (keyed.Cursor{}); ; {
		n := p.rows.Scan(&c, ids[:])
		if n == 0 {
			return true
		}
		for _, id := range ids[:n] {
			if !p.rows.Clean(id, true) {
				return false
			}
		}
	}
}

// depart has the rows of a slice leave memory, which the store has as they are.
func (s *store) depart(p *slice) error {
	if s.ranged {
		return s.leave(p)
	}
	p.table.Free()
	p.chains.Free()
	p.links.Free()
	p.late.free()
	if err := s.doze(p); err != nil {
		return err
	}
	return p.rows.Depart()
}

// Depart has all rows leave memory; see keyed.Departing.
func (s *store) Depart(bool) error {
	for _, p := range s.slices {
		if p.rows.Len() == 0 || !s.movable(p) {
			continue
		}
		if err := s.depart(p); err != nil {
			return err
		}
	}
	return nil
}

// Pass leaves rows in the store; see keyed.Evictable. Which times they have is not known: any that a slice may have.
func (s *store) Pass(e *keyed.Entries) error {
	return bySlice(e, func(number int64, some *keyed.Entries) error {
		p := s.at(number)
		switch {
		case s.ranged:
			return s.passWhole(p, some)
		case s.nameless(p):
			return p.rows.Admit(some)
		}
		p.min, p.max = past, future
		if err := s.enterLate(p, past, future); err != nil {
			return err
		}
		return p.rows.Pass(some)
	})
}

// Spill writes what changed in the epoch under way; see keyed.Evictable.
func (s *store) Spill(into *durable.Changes, most int64) (more bool) {
	k := s.kept
	from := into.Bytes()
	into.Add(k.current)
	k.current.Reset()
	for ; k.spilling < len(s.slices); k.spilling++ {
		left := most - (into.Bytes() - from)
		if left <= 0 || s.slices[k.spilling].rows.Spill(into, left) {
			return true
		}
	}
	k.spilling = 0
	return false
}

// Adopt has the rows that are there count as changed; see keyed.Late.
func (s *store) Adopt() error {
	for _, p := range s.slices {
		s.kept.begin(s, p)
		if err := p.rows.AdoptAs(s.hashed(p)); err != nil {
			return err
		}
	}
	return nil
}

// hashed are the rows of a slice with their hashes, those of a key group in the order in which they came.
func (s *store) hashed(p *slice) iter.Seq2[uint32, uint64] {
	return func(yield func(uint32, uint64) bool) {
		ids := make([]uint32, batch.MaxRows)
		for c := (keyed.Cursor{}); ; {
			n := p.rows.Scan(&c, ids)
			if n == 0 {
				return
			}
			p.rows.Gather(ids[:n], s.own)
			for i, hash := range s.keys.hash(&batch.Batch{Cols: s.own, Len: n}) {
				if !yield(ids[i], hash) {
					return
				}
			}
		}
	}
}
