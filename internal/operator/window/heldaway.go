package window

import (
	"cmp"
	"slices"

	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
)

// Rows of a Held leave memory with all others of their key, and come back so: a key that is in the table has all its rows in memory, and one that is not has none there. When it is time to look at a key that is away stays
// in memory, beside its hash; then it is loaded.

const (
	// askedKeys is how many keys that it is time to look at are loaded at once.
	askedKeys = 512
)

// heldAway is what a Held knows of keys that the store alone has.
type heldAway struct {
	dues duesOf[uint64] // when to look at a hash, at times also when there is no need any more
	// known is how many times there were when those without meaning were last taken out.
	known int
	// asked are hashes that the next call needs, if asking is true.
	asked  []uint64
	asking bool
}

// Leaves reports whether rows may leave memory.
func (h *Held) Leaves() bool { return h.table != nil || h.leavesAll() }

// Advice says what to do about sessions of all rows.
func (h *Held) Advice() string {
	if h.Leaves() {
		return ""
	}
	return "The rows of SESSION without PARTITION BY stay in memory until their session is over where rows are taken back: with PARTITION BY they leave it."
}

// First returns the first row of a key, which is its own root: chains are the lists of the rows that may leave.
func (c *heldChains) First(root uint32) uint32 { return root }

// Next returns the row behind another one of its key.
func (c *heldChains) Next(id uint32) uint32 { return *c.h.next.At(id) }

// heldChains are the rows of keys as lists.
type heldChains struct{ h *Held }

// heldRows are the rows as a part that may leave memory.
type heldRows struct {
	*keyed.Listed
	h *Held
}

// newHeldRows returns the rows as such a part.
func (h *Held) newHeldRows() *heldRows {
	return &heldRows{h: h, Listed: keyed.NewListed(keyed.ListedConfig{
		Rows: h.rows, Table: h.table, Lists: &heldChains{h},
		Root: func(slot uint32) (uint32, bool) { return h.chains.At(slot).first, true },
		Gone: h.leave,
		Free: func() {
			h.chains.Free()
			h.next.Free()
			h.dues.free()
		},
	})}
}

// leave notes when to look at keys that leave memory, and forgets their chains.
func (h *Held) leave(slots []uint32) error {
	h.forgetStale() // while these keys are in memory
	for _, key := range slots {
		c := h.chains.At(key)
		if err := h.away.dues.push(dueOf[uint64]{c.due, h.table.HashOf(key)}); err != nil {
			return op.OutOfMemory(h.cfg.Name, err)
		}
		*c = noChain()
	}
	return nil
}

// forgetStale forgets times without meaning, once those may be many: of keys that are in memory, and all but the earliest of a hash.
func (h *Held) forgetStale() {
	if d := &h.dues; len(d.list) >= 2*h.table.Len()+fewStale {
		d.keep(func(t due) bool { return int(t.id) < h.chains.Len() && h.chains.At(t.id).due == t.micros })
	}
	a := &h.away
	if len(a.dues.list) < 2*a.known+fewStale {
		return
	}
	slices.SortFunc(a.dues.list, func(a, b dueOf[uint64]) int { return cmp.Or(cmp.Compare(a.id, b.id), cmp.Compare(a.micros, b.micros)) })
	last, some := uint64(0), false
	a.dues.keep(func(t dueOf[uint64]) bool {
		same := some && t.id == last
		last, some = t.id, true
		return !same && !h.table.HasHash(t.id)
	})
	a.known = len(a.dues.list)
}

// Evict has rows leave memory with all others of their key; see keyed.Evictable. While rows are coming out all stay.
func (r *heldRows) Evict(want int, settled bool) (evicted int, err error) {
	if r.h.given < len(r.h.ready) {
		return 0, nil
	}
	return r.Listed.Evict(want, settled)
}

// Depart has all rows leave memory, with the memory; see keyed.Departing.
func (r *heldRows) Depart(forGood bool) error {
	h := r.h
	if h.given < len(h.ready) || h.rows.Len() == 0 {
		return nil
	}
	h.forgetStale() // while all keys are in memory
	for g := range op.KeyGroups {
		for key := range h.table.Slots(uint8(g)) { //nolint:gosec // below 256
			if err := h.away.dues.push(dueOf[uint64]{h.chains.At(key).due, h.table.HashOf(key)}); err != nil {
				return op.OutOfMemory(h.cfg.Name, err)
			}
		}
	}
	return r.Listed.Depart(forGood)
}

// Pass leaves rows in the store; see keyed.Evictable.
func (r *heldRows) Pass(e *keyed.Entries) error {
	h, at := r.h, 0
	err := r.DecodeEach(e, func(cols []*batch.Column, n int) error {
		ends := cols[h.cfg.End].Int64s()
		for i := range n {
			if err := h.away.dues.push(dueOf[uint64]{h.closeTime(ends[i]), e.Hashes[at+i]}); err != nil {
				return op.OutOfMemory(h.cfg.Name, err)
			}
		}
		at += n
		h.forgetStale()
		return nil
	})
	if err != nil {
		return err
	}
	return r.Listed.Pass(e)
}

// needsAway declares the keys of in, or those that it is time to look at.
func (h *Held) needsAway(in *batch.Batch, needs *op.Needs) {
	switch {
	case in != nil:
		hashes := h.hasher.Hash(in)
		needs.Keys(0, hashes)
		needs.Keys(1, hashes)
	case h.away.asking:
		needs.Keys(0, h.away.asked)
		needs.Keys(1, h.away.asked)
	}
}

// ask finds keys that are away and that it is time to look at, and has the next call need them. It reports whether there are any.
func (h *Held) ask() bool {
	a := &h.away
	a.asked = a.asked[:0]
	for len(a.asked) < askedKeys {
		t, ok := a.dues.pop(h.mark)
		if !ok {
			break
		}
		a.asked = append(a.asked, t.id)
	}
	a.asking = len(a.asked) > 0
	return a.asking
}
