package window

import (
	"encoding/binary"
	"errors"
	"slices"

	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
)

// revisedTable are the keys of a Revised; with a key come all of its cells.
type revisedTable struct{ r *Revised }

// Resident reports whether all cells are in memory for good.
func (t *revisedTable) Resident() bool {
	return t.r.table.Resident() && (t.r.away == nil || !t.r.away.any)
}

// SetGuard makes a test's guard watch over the keys.
func (t *revisedTable) SetGuard(g *keyed.Guard) { t.r.table.SetGuard(g) }

// Load makes the keys of hashes resident, or those of key groups, the ones of a page; see op.Table.
func (t *revisedTable) Load(hashes []uint64, groups [op.KeyGroups / 64]uint64) error {
	r := t.r
	if err := r.table.Load(hashes, groups); err != nil || r.away == nil {
		return err
	}
	return op.OutOfMemory(r.cfg.Name, r.load(hashes, groups))
}

func (r *Revised) load(hashes []uint64, groups groupSet) error {
	a := r.away
	if !a.any {
		a.page.loaded = true
		return nil
	}
	if err := r.settleRestored(); err != nil {
		return err
	}
	all := r.marks()
	a.missing = a.missing[:0]
	for _, h := range hashes {
		if all.has(uint8(op.GroupOf(h))) && !r.table.HasHash(h) {
			a.missing = append(a.missing, h)
		}
	}
	if len(a.missing) == 0 && groups.none() {
		return nil
	}
	slices.Sort(a.missing)
	a.missing = slices.Compact(a.missing)
	a.load++
	a.loading, a.keys.list = true, a.keys.list[:0]
	err := r.loadSlices(&groups)
	a.loading = false
	if err != nil {
		return errors.Join(err, r.giveUpLoad())
	}
	a.brought += len(a.keys.list)
	a.page.loaded = a.page.loaded || !groups.none()
	return r.settleLoaded()
}

// giveUpLoad has the keys leave memory again that a load has brought which has failed: of none is it known whether all cells came.
func (r *Revised) giveUpLoad() error {
	keys := &r.away.keys
	defer keys.release()
	for _, key := range keys.list {
		if _, err := r.letGo(key); err != nil {
			return err
		}
	}
	return nil
}

// Brings is about what a key that is read back takes in memory; see op.Bringer.
func (r *Revised) Brings() int64 {
	a := r.away
	if a == nil || a.brought == 0 {
		return 0
	}
	return (a.bytes + int64(a.read)*cellOverhead) / int64(a.brought)
}

// loadSlices loads the cells of what is missing, or of key groups, slice by slice in the order of their last windows: so cells of a key come in its order.
func (r *Revised) loadSlices(groups *groupSet) error {
	a := r.away
	a.slices = a.slices[:0]
	for _, at := range r.list {
		if at != nil && at.away != (groupSet{}) {
			a.slices = append(a.slices, at)
		}
	}
	slices.SortFunc(a.slices, (*slice).compareLast)
	for i := 0; i < len(a.slices); {
		from, last, mask := i, a.slices[i].last, groupSet{}
		for ; i < len(a.slices) && a.slices[i].last == last; i++ {
			mask.addAll(a.slices[i].away)
		}
		n, size, err := r.loadSlice(last, &mask, groups)
		if err != nil {
			return err
		}
		a.read += n
		a.bytes += size
		if !groups.none() {
			unmarkGroups(a.slices[from:i], groups, n)
		}
	}
	return nil
}

// loadSlice loads what is missing of the slices with a last window, or the cells of key groups, as far as the store may have some.
func (r *Revised) loadSlice(last int64, mask, groups *groupSet) (n int, size int64, err error) {
	a := r.away
	if groups.none() {
		hashes := make([]uint64, 0, len(a.missing))
		for _, h := range a.missing {
			if mask.has(uint8(op.GroupOf(h))) {
				hashes = append(hashes, h)
			}
		}
		if len(hashes) == 0 {
			return 0, 0, nil
		}
		return r.kept.Lookup(a.reader, last, hashes)
	}
	for i := range mask {
		mask[i] &= groups[i]
	}
	from, to := edges(*mask)
	if from > to {
		return 0, 0, nil
	}
	return r.kept.Read(a.reader, last, uint8(from), uint8(to), func(hash uint64) bool { //nolint:gosec // key groups
		return mask.has(uint8(op.GroupOf(hash))) && !r.was(hash)
	})
}

// was reports whether a key of a hash was in memory before the load under way.
func (r *Revised) was(hash uint64) bool {
	a := r.away
	a.gone = r.table.AppendHash(a.gone[:0], hash)
	return slices.ContainsFunc(a.gone, func(key uint32) bool { return r.rings.At(key).load != a.load })
}

// unmarkGroups notes that the store alone has no cells of key groups any more, of slices with one last window, of which n were read.
func unmarkGroups(of []*slice, groups *groupSet, n int) {
	for _, at := range of {
		had := countGroups(at.away)
		left := groupSet(at.away)
		left.removeAll(*groups)
		at.away = left
		switch now := countGroups(at.away); {
		case at.unread && had > now: // about as many of each key group
			at.unread, at.out = false, n*now/((had-now)*len(of))
		case now == 0:
			at.out = 0
		}
	}
}

// brought notes that a key gets a cell of a slice that was stored.
func (r *Revised) brought(key uint32, at *slice) error {
	a := r.away
	if a == nil || !a.loading {
		r.stale = true
		return nil
	}
	if at.out > 0 { // of a slice that is unread nobody knows how many there are
		at.out--
	}
	k := r.rings.At(key)
	if k.load == a.load {
		return nil
	}
	k.load = a.load
	return a.keys.push(key)
}

// settleLoaded makes what follows from the cells of keys that were loaded.
func (r *Revised) settleLoaded() error {
	for _, key := range r.away.keys.list {
		k, aware := r.rings.At(key), !r.away.unaware.has(r.table.GroupOf(key))
		k.live = none
		for id := k.oldest; id != none; id = r.cells.At(id).newer {
			if err := r.settleCell(id, r.list[r.cells.At(id).slice], aware); err != nil {
				return err
			}
		}
		if len(r.sums.into) >= mostAdditions {
			if err := r.sums.carryOut(); err != nil {
				return err
			}
		}
	}
	return r.sums.carryOut()
}

// firstOf reads the end of the first window of a stored cell whose last one ends at last.
func (r *Revised) firstOf(rest []byte, last int64) (first int64, ok bool) {
	if len(rest) != 8 {
		return 0, false
	}
	first = int64(binary.BigEndian.Uint64(rest)) //nolint:gosec // the bits of it
	return first, r.shape.spans(first, last)
}
