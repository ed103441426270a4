package window

import (
	"math"
	"slices"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/internal/state/store"
)

// slicesAway is what a Sliced knows of entries that the store alone has. Nobody reads them before windows are answered from them: a key of which rows come gets another entry, of the
// generation under way, beside that which has left.
type slicesAway struct {
	reader store.Reader
	budget *limit.Budget
	low    int64
	// any: there are such entries. paged: since some have left, the lists of the slices' entries mean nothing.
	any, paged bool
	hand       int // the key group of which what windows are answered from leaves next
	page       page
	gone       []uint32
	// read is how many entries were read, bytes what was stored of those.
	read  int
	bytes int64
}

// slicedPart is a Sliced's entries as a part that may leave memory.
type slicedPart struct {
	*keyed.Cells
	s *Sliced
}

// slicedTable are the keys of a Sliced; with a key group come its entries that the windows which are answered need.
type slicedTable struct {
	sliced *Sliced
}

// Resident reports whether all entries are in memory for good.
func (t *slicedTable) Resident() bool {
	s := t.sliced
	return s.table.Resident() && (s.away == nil || !s.away.any)
}

// SetGuard makes a test's guard watch over the keys.
func (t *slicedTable) SetGuard(g *keyed.Guard) { t.sliced.table.SetGuard(g) }

// Load makes key groups resident, for the windows that are being answered.
func (t *slicedTable) Load(hashes []uint64, groups [op.KeyGroups / 64]uint64) error {
	s := t.sliced
	if err := s.table.Load(hashes, groups); err != nil || s.away == nil || groups == [op.KeyGroups / 64]uint64{} {
		return err
	}
	return op.OutOfMemory(s.cfg.Name, s.loadPage())
}

// date says which generation an entry is of.
func (s *Sliced) date(id, age uint32) error {
	if s.ages == nil {
		if age == 0 {
			return nil
		}
		s.ages = keyed.NewSlab[uint32](s.budget)
	}
	if err := s.ages.Grow(int(id) + 1); err != nil {
		return err
	}
	*s.ages.At(id) = age
	return nil
}

// ageOf returns the generation of an entry.
func (s *Sliced) ageOf(id uint32) uint32 {
	if s.ages == nil || int(id) >= s.ages.Len() {
		return 0
	}
	return *s.ages.At(id)
}

// chainByAge is chain for an entry that may be older than others of its slice.
func (s *Sliced) chainByAge(place *uint32, id uint32, at *slice) {
	age := s.ageOf(id)
	for *place != none {
		of := s.list[s.entries.At(*place).slice]
		if order := of.compare(at); order < 0 || order == 0 && s.ageOf(*place) <= age {
			break
		}
		place = &s.entries.At(*place).next
	}
	s.entries.At(id).next = *place
	*place = id
}

// MayLeave reports whether entries may leave memory.
func (p *slicedPart) MayLeave() bool { return true }

// Leaves reports whether entries may leave memory: those of keys.
func (s *Sliced) Leaves() bool { return s.table != nil }

// Adopt has the entries that are there count as changed; see keyed.Late.
func (p *slicedPart) Adopt() error {
	s := p.s
	for group := range op.KeyGroups {
		for key := range s.table.Slots(uint8(group)) { //nolint:gosec // below 256
			if back := s.runs.At(key).back; back != none && s.shape.Kind == Cumulate {
				s.entries.At(back).slice = s.known(math.MinInt64, s.rest[0].last, true).number
			}
			if err := s.enterRestored(key); err != nil {
				return op.OutOfMemory(s.cfg.Name, err)
			}
		}
	}
	return nil
}

// Depart has all entries leave memory, and gives the memory back; see keyed.Departing. It is never for good.
func (p *slicedPart) Depart(bool) error {
	s := p.s
	if s.whole || s.firing && !s.away.page.turning {
		return nil
	}
	for group := range op.KeyGroups {
		if s.away.page.has(group) {
			continue
		}
		for _, which := range []func(uint32, op.KeyGroup, bool) int{s.expelOpen, s.expelRest} {
			if _, err := s.expel(op.KeyGroup(group), which, true); err != nil { //nolint:gosec // below 256
				return err
			}
		}
	}
	if int(s.used)-s.idle > len(s.emit.temps) {
		return nil // of the page, which stays
	}
	p.Vacate()
	s.vacate()
	return nil
}

// Attach lets entries leave memory; see keyed.Evictable.
func (p *slicedPart) Attach(r store.Reader, low int64) {
	s := p.s
	s.away = &slicesAway{reader: r, budget: s.budget, low: low}
	s.table.Attach(nil, low) // its keys follow from the entries
}

// Room is how many entries can be put in before memory grows; see keyed.Evictable.
func (p *slicedPart) Room() int { return min(p.s.idle, p.s.table.Room()) }

// Pass leaves entries in the store; see keyed.Evictable.
func (p *slicedPart) Pass(e *keyed.Entries) error {
	s := p.s
	return p.Cells.Pass(e, func(last int64, hash uint64, rest []byte) error {
		first, age, ok := s.readCell(rest, last)
		if !ok {
			return s.corrupt("a key does not end where it should")
		}
		s.round = max(s.round, age+1)
		s.leftOf(s.openSlice(first, last), op.GroupOf(hash))
		return nil
	})
}

// leftOf notes that an entry of a slice is in the store alone.
func (s *Sliced) leftOf(of *slice, group op.KeyGroup) {
	of.away[group>>6] |= 1 << (group & 63)
	of.out++
	s.away.any, s.away.paged = true, true
}

// isAway reports whether the store alone has entries of a key group.
func (s *Sliced) isAway(group op.KeyGroup) bool {
	return s.away != nil && s.away.any && slices.ContainsFunc(s.list, func(of *slice) bool {
		return of != nil && of.away[group>>6]>>(group&63)&1 != 0
	})
}

// leastShare is which part of many entries leaves memory at least: to go through a key group costs the same however few leave.
const leastShare = 8

// Evict has entries leave memory; see keyed.Evictable: all of slices of which no window was answered, since nobody reads those until one is, and then, of one key group after the other, what
// windows are answered from.
func (p *slicedPart) Evict(want int, settled bool) (evicted int, err error) {
	s := p.s
	a := s.away
	there := int(s.used) - s.idle
	switch {
	case s.whole || s.firing && !a.page.turning:
		return 0, nil
	case there-p.Changed() < want && there-p.Changed() < there/leastShare: // once they are stored, too, it is worth while
		return 0, nil
	case want >= keyed.Groups:
		want = max(want, there/leastShare)
	}
	for group := range op.KeyGroups {
		if a.page.has(group) {
			continue
		}
		n, err := s.expel(op.KeyGroup(group), s.expelOpen, settled) //nolint:gosec // below 256
		if evicted += n; err != nil {
			return evicted, err
		}
	}
	for n := 0; n < op.KeyGroups && evicted < want; n++ {
		group := a.hand
		if a.hand = (a.hand + 1) % op.KeyGroups; a.page.has(group) {
			continue
		}
		n, err := s.expel(op.KeyGroup(group), s.expelRest, settled) //nolint:gosec // below 256
		if evicted += n; err != nil {
			return evicted, err
		}
	}
	return evicted, nil
}

// expel has entries of a key group leave memory.
func (s *Sliced) expel(group op.KeyGroup, which func(key uint32, group op.KeyGroup, settled bool) int, settled bool) (n int, err error) {
	for key := range s.table.Slots(uint8(group)) {
		left := which(key, group, settled)
		if n += left; left == 0 {
			continue
		}
		if err := s.tidy(key); err != nil {
			return n, err
		}
	}
	if n == 0 {
		return 0, nil
	}
	s.round++
	return n, s.table.Shrink(uint8(group))
}

// expelOpen has the entries of a key leave memory of slices that are in no window yet that was answered.
func (s *Sliced) expelOpen(key uint32, group op.KeyGroup, settled bool) (n int) {
	for place := &s.runs.At(key).open; *place != none; {
		id := *place
		e := s.entries.At(id)
		if !s.cells.Clean(id, settled) {
			place = &e.next
			continue
		}
		*place = e.next
		s.letGo(id, group)
		n++
	}
	return n
}

// letGo has an entry leave memory that is in no chain.
func (s *Sliced) letGo(id uint32, group op.KeyGroup) {
	s.leftOf(s.list[s.entries.At(id).slice], group)
	s.away.gone = append(s.away.gone[:0], id)
	s.cells.Forget(s.away.gone)
	s.give(id)
}

// expelRest has what windows of a key are answered from leave memory, all or nothing.
func (s *Sliced) expelRest(key uint32, group op.KeyGroup, settled bool) (n int) {
	r := s.runs.At(key)
	if !s.emit.has(r) || !s.restClean(r, settled) {
		return 0
	}
	if s.shape.Kind == Cumulate { // the entries have left before
		for _, of := range s.rest {
			s.leftOf(of, group)
		}
		n++
	}
	for _, head := range [...]uint32{r.oldest, r.odd} {
		for id := head; id != none && (head != r.oldest || r.count > 0); {
			next := s.entries.At(id).next
			s.letGo(id, group)
			id = next
			n++
		}
	}
	if r.back != none {
		s.give(r.back)
	}
	r.oldest, r.newest, r.count, r.front, r.back, r.odd = none, none, 0, 0, none, none
	return n
}

// restClean reports whether the store has all that windows of a key are answered from.
func (s *Sliced) restClean(r *run, settled bool) bool {
	if s.alone {
		return false // they are being answered
	}
	if s.shape.Kind == Cumulate && r.back != none && !s.cells.Applied(settled) {
		return false
	}
	for _, head := range [...]uint32{r.oldest, r.odd} {
		for id := head; id != none && (head != r.oldest || r.count > 0); id = s.entries.At(id).next {
			if !s.cells.Clean(id, settled) {
				return false
			}
		}
	}
	return true
}

// restoredInPart is Restored where entries were left in the store: what windows were answered from is in memory all or not at all.
func (s *Sliced) restoredInPart() error {
	s.beginSlices(s.fired)
	if len(s.rest) == 0 {
		return nil
	}
	for group := range op.KeyGroups {
		for key := range s.table.Slots(uint8(group)) { //nolint:gosec // below 256
			for place := &s.runs.At(key).open; *place != none; {
				id := *place
				if s.list[s.entries.At(id).slice].first > s.fired {
					place = &s.entries.At(id).next
					continue
				}
				*place = s.entries.At(id).next
				s.letGo(id, op.KeyGroup(group)) //nolint:gosec // below 256
			}
			if err := s.tidy(key); err != nil {
				return err
			}
		}
	}
	return nil
}
