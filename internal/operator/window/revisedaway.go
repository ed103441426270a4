package window

import (
	"math"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/internal/state/store"
)

// Keys of a Revised leave memory with all of their cells, and come back so: a key that is in the table has all its cells in memory, and one that is not has none there. Keys with rows that nobody was told of yet, or that wait
// for their interval, stay. A row needs what there is of its key, and a flush looks at no others. A window that closes and that all groups are told of is gone through page by page (revisedpaged.go), and so is what a restore has
// left in the store and somebody must be told of (revisedhear.go).

// revisedAway is what a Revised knows of cells that the store alone has. Of which slices and key groups there are some the slices say.
type revisedAway struct {
	reader store.Reader
	budget *limit.Budget
	low    int64
	any    bool // there are such cells
	hand   int  // the key group of which keys leave next
	gone   []uint32
	page   revisedPage
	// paged: the window that is being answered is gone through page by page. settling: all leaves memory before that goes on, and the store must have it before.
	paged, settling bool

	// loading: cells are being loaded; load is the number of that, keys are those that it has brought.
	loading bool
	load    uint32
	keys    cellList
	missing []uint64
	slices  []*slice
	// read is how many cells were read, bytes what was stored of those, brought how many keys they were of.
	read, brought int
	bytes         int64

	// unheard are key groups of which cells that a restore has left in the store may have rows which somebody must be told of; unaware those among them of which it is not known how far windows have closed. leaving: the page that
	// was told of leaves memory, once the store has it.
	unheard, unaware groupSet
	leaving          bool
	// told: of all cells that a restore has left in the store, unread, it is known how far windows have closed.
	told bool
}

// groupSet are key groups, a bit for each.
type groupSet [op.KeyGroups / 64]uint64

func (g *groupSet) has(group uint8) bool { return g[group>>6]>>(group&63)&1 != 0 }

func (g *groupSet) add(group uint8) { g[group>>6] |= 1 << (group & 63) }

func (g *groupSet) remove(group uint8) { g[group>>6] &^= 1 << (group & 63) }

func (g *groupSet) addAll(o groupSet) {
	for i, word := range o {
		g[i] |= word
	}
}

func (g *groupSet) removeAll(o groupSet) {
	for i, word := range o {
		g[i] &^= word
	}
}

func (g *groupSet) none() bool { return *g == groupSet{} }

// revisedPart are a Revised's cells as a part that may leave memory.
type revisedPart struct {
	*keyed.Cells
	r *Revised
}

// Leaves reports whether cells may leave memory: those of keys, unless they tell of windows in another way than what they go on from.
func (r *Revised) Leaves() bool { return r.table != nil && r.cfg.Former == AsNow }

// MayLeave reports whether cells may leave memory.
func (p *revisedPart) MayLeave() bool { return p.r.Leaves() }

// Attach lets cells leave memory; see keyed.Evictable.
func (p *revisedPart) Attach(reader store.Reader, low int64) {
	r := p.r
	r.away = &revisedAway{reader: reader, budget: r.budget, low: low}
	r.away.keys.budget = r.budget
	r.table.Attach(nil, low) // its keys follow from the cells
}

// Adopt has the cells that are there count as changed; see keyed.Late.
func (p *revisedPart) Adopt() error {
	r := p.r
	for _, at := range r.list {
		if at == nil {
			continue
		}
		for id := at.entries; id != none; id = r.cells.At(id).peer {
			if err := p.Enter(id); err != nil {
				return op.OutOfMemory(r.cfg.Name, err)
			}
		}
	}
	return nil
}

// Room is how many cells can be put in before memory grows; see keyed.Evictable.
func (p *revisedPart) Room() int { return min(p.r.idle, p.r.sums.idle, p.r.table.Room()) }

// stays reports whether nothing may leave memory now: it is being told of, or is to be.
func (r *Revised) stays() bool { return r.firing || r.revise.running || r.away.page.turning }

// Evict has keys leave memory, of one key group after the other; see keyed.Evictable.
func (p *revisedPart) Evict(want int, settled bool) (evicted int, err error) {
	r := p.r
	if r.stays() {
		return 0, nil
	}
	if err := r.settleRestored(); err != nil {
		return 0, op.OutOfMemory(r.cfg.Name, err)
	}
	there := int(r.used) - r.idle
	switch {
	case there-p.Changed() < want && there-p.Changed() < there/leastShare: // once they are stored, too, it is worth while
		return 0, nil
	case want >= keyed.Groups:
		want = max(want, there/leastShare)
	}
	for n := 0; n < op.KeyGroups && evicted < want; n++ {
		group := uint8(r.away.hand) //nolint:gosec // below 256
		r.away.hand = (r.away.hand + 1) % op.KeyGroups
		n, err := r.expel(group, settled)
		if evicted += n; err != nil {
			return evicted, op.OutOfMemory(r.cfg.Name, err)
		}
	}
	r.hurried = r.hurried || settled && evicted < want && len(r.waiting.list) > 0
	return evicted, nil
}

// Depart has all keys leave memory that may, and gives the memory back if those are all; see keyed.Departing. It is never for good.
func (p *revisedPart) Depart(bool) error {
	r := p.r
	if r.stays() {
		return nil
	}
	if err := r.settleRestored(); err != nil {
		return op.OutOfMemory(r.cfg.Name, err)
	}
	r.hurried = r.hurried || len(r.waiting.list) > 0
	return op.OutOfMemory(r.cfg.Name, r.depart())
}

// depart has all keys leave memory that may, the store having all that changed, and gives the memory back if those are all.
func (r *Revised) depart() error {
	for group := range op.KeyGroups {
		if _, err := r.expel(uint8(group), true); err != nil { //nolint:gosec // below 256
			return err
		}
	}
	if int(r.used) > r.idle || r.table.Len() > 0 {
		return nil // those of keys that stay
	}
	r.kept.Vacate()
	r.vacate()
	return nil
}

// expel has the keys of a key group leave memory that may, and returns how many cells they had.
func (r *Revised) expel(group uint8, settled bool) (n int, err error) {
	if r.away.unaware.has(group) {
		return 0, nil
	}
	for key := range r.table.Slots(group) {
		if !r.mayLeave(key, settled) {
			continue
		}
		left, err := r.letGo(key)
		if n += left; err != nil {
			return n, err
		}
	}
	if n == 0 {
		return 0, nil
	}
	return n, r.table.Shrink(group)
}

// mayLeave reports whether a key may leave memory: the store has all its cells as they are, and nobody is to be told of any.
func (r *Revised) mayLeave(key uint32, settled bool) bool {
	for id := r.rings.At(key).newest; id != none; {
		c := r.cells.At(id)
		if c.sums[fresh] != none || c.sums[waiting] != none || !r.kept.Clean(id, settled) {
			return false
		}
		id = c.older
	}
	return r.table.Alone(key)
}

// letGo has a key leave memory with its cells, and returns how many those were. No addition may wait.
func (r *Revised) letGo(key uint32) (n int, err error) {
	k, a, group := r.rings.At(key), r.away, r.table.GroupOf(key)
	for id := k.newest; id != none; n++ {
		c := r.cells.At(id)
		at := r.list[c.slice]
		r.leftOf(at, group)
		if c.sums[waiting] != none {
			a.unheard.add(group)
		}
		for _, sum := range [...]uint32{c.sums[known], c.sums[waiting], c.sums[fresh], c.front} {
			if sum != none {
				r.sums.give(sum)
			}
		}
		r.unlink(c, at)
		a.gone = append(a.gone[:0], id)
		r.kept.Forget(a.gone)
		older := c.older
		c.peer, r.free = r.free, id
		r.idle++
		id = older
	}
	if k.back != none {
		r.sums.give(k.back)
	}
	*k = noRing()
	return n, r.table.Delete(key)
}

// unlink takes a cell out of those of its slice.
func (r *Revised) unlink(c *cell, at *slice) {
	if c.prior == none {
		at.entries = c.peer
	} else {
		r.cells.At(c.prior).peer = c.peer
	}
	if c.peer != none {
		r.cells.At(c.peer).prior = c.prior
	}
}

// leftOf notes that a cell of a slice is in the store alone.
func (r *Revised) leftOf(at *slice, group uint8) {
	at.away[group>>6] |= 1 << (group & 63)
	at.out++
	r.away.any = true
}

// marks are the key groups of which the store alone has cells.
func (r *Revised) marks() (all groupSet) {
	for _, at := range r.list {
		if at != nil {
			all.addAll(at.away)
		}
	}
	return all
}

// isAway reports whether the store alone has cells of a key group.
func (r *Revised) isAway(group uint8) bool {
	if r.away == nil || !r.away.any {
		return false
	}
	all := r.marks()
	return all.has(group)
}

// Pass leaves cells in the store; see keyed.Evictable.
func (p *revisedPart) Pass(e *keyed.Entries) error {
	r, i := p.r, 0
	return p.Cells.Pass(e, func(last int64, hash uint64, rest []byte) error {
		value := e.Values[i]
		i++
		first, ok := r.firstOf(rest, last)
		if !ok || len(value) == 0 {
			return r.corrupt("a cell does not say which windows it is in")
		}
		at, group := r.known(first, last), op.GroupOf(hash)
		r.leftOf(at, uint8(group))
		if value[0]>>waiting&1 != 0 {
			r.away.unheard.add(uint8(group))
		}
		return nil
	})
}

// known returns a slice that something is stored of; what follows from that is not made yet.
func (r *Revised) known(first, last int64) *slice {
	r.stale = true
	if at := r.index[[2]int64{first, last}]; at != nil {
		return at
	}
	return r.newSlice(first, last)
}

// restoredInPart goes on from a restore that has left cells in the store: of key groups of which it has, all cells are there alone.
func (r *Revised) restoredInPart() error {
	if r.away == nil || !r.away.any {
		return nil
	}
	a, all := r.away, r.marks()
	for group := range op.KeyGroups {
		number := uint8(group) //nolint:gosec // below 256
		if !all.has(number) {
			continue
		}
		for key := range r.table.Slots(number) {
			if _, err := r.letGo(key); err != nil {
				return op.OutOfMemory(r.cfg.Name, err)
			}
		}
		if err := r.table.Shrink(number); err != nil {
			return err
		}
		if r.fired != math.MinInt64 && !a.told && !r.isAware(number) {
			a.unaware.add(number)
			a.unheard.add(number)
		}
	}
	return op.OutOfMemory(r.cfg.Name, r.settleRestored())
}
