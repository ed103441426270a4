package window

import (
	"encoding/binary"
	"math"

	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
)

// newKept are the cells, to be stored one by one. The end of the last window of its rows is the slice of a cell: those that share it are forgotten together, and none
// comes behind with that end.
func (r *Revised) newKept() *keyed.Cells {
	return keyed.NewCells(keyed.CellsConfig{
		Name: r.cfg.Name, Budget: r.budget, Table: r.table,
		Of: func(id uint32) (uint32, int64) {
			c := r.cells.At(id)
			if at := r.list[c.slice]; at != nil {
				return c.key, at.last
			}
			return c.key, 0
		},
		Append: func(key, value []byte, id uint32) (k, v []byte) {
			key = binary.BigEndian.AppendUint64(key, uint64(r.list[r.cells.At(id).slice].first)) //nolint:gosec // the bits of it
			return key, r.appendCell(value, id)
		},
		Find: func(hashes []uint64, cols []*batch.Column, slots []uint32) error {
			return keyed.Places(r.table, hashes, cols, nil, slots, r.rings, noRing())
		},
		Restore: func(slot uint32, last int64, rest, value []byte) (uint32, error) {
			first, ok := r.firstOf(rest, last)
			if !ok {
				return 0, r.corrupt("a cell does not say which windows it is in")
			}
			id, rest, err := r.restoreCell(slot, first, last, value)
			if err == nil && len(rest) > 0 {
				err = r.corrupt("a cell does not end where it should")
			}
			return id, err
		},
	})
}

// appendCell appends which levels a cell has rows of, a bit for each, and what they add up to. Nothing is fresh where a cell is stored.
func (r *Revised) appendCell(dst []byte, id uint32) []byte {
	sums := &r.cells.At(id).sums
	marks := byte(0)
	for l := known; l < fresh; l++ {
		if sums[l] != none {
			marks |= 1 << l
		}
	}
	dst = append(dst, marks)
	for l := known; l < fresh; l++ {
		if sums[l] != none {
			dst = r.sums.append(dst, sums[l])
		}
	}
	return dst
}

// restoreCell makes a cell of what appendCell wrote at the beginning of data, and returns what follows. What follows from cells is not made yet.
func (r *Revised) restoreCell(key uint32, first, last int64, data []byte) (id uint32, rest []byte, err error) {
	if len(data) == 0 || data[0]>>fresh != 0 {
		return 0, nil, r.corrupt("a cell has marks that do not exist")
	}
	at := r.index[[2]int64{first, last}]
	if at == nil {
		at = r.newSlice(first, last)
	}
	if err := r.brought(key, at); err != nil {
		return 0, nil, err
	}
	if id, _, err = r.findCell(key, at); err != nil {
		return 0, nil, err
	}
	marks := data[0]
	data = data[1:]
	for l := known; l < fresh; l++ {
		if marks>>l&1 == 0 {
			continue
		}
		var n uint32
		if n, data, err = r.sums.restore(data); err != nil {
			return 0, nil, err
		}
		r.cells.At(id).sums[l] = n
	}
	return id, data, nil
}

// settleRestored makes what follows from restored cells: which windows have closed, and what they add up to.
func (r *Revised) settleRestored() error {
	if !r.stale {
		return nil
	}
	r.stale = false
	r.open, r.inside, r.past = r.open[:0], r.inside[:0], r.past[:0]
	for _, at := range r.list {
		if at == nil {
			continue
		}
		r.file(at)
		for id := at.entries; id != none; id = r.cells.At(id).peer {
			r.rings.At(r.cells.At(id).key).live = none
		}
	}
	for _, at := range r.list {
		if at == nil {
			continue
		}
		for id := at.entries; id != none; id = r.cells.At(id).peer {
			if err := r.settleCell(id, at, r.isAware(r.groupOf(r.cells.At(id).key))); err != nil {
				return err
			}
		}
	}
	return r.sums.carryOut()
}

// settleCell does that for a cell. Unless aware, it was not known how far windows have closed where its key group came from: of those that have nothing was told yet.
func (r *Revised) settleCell(id uint32, at *slice, aware bool) error {
	if err := r.settleFormer(id, at); err != nil {
		return err
	}
	c := r.cells.At(id)
	k := r.rings.At(c.key)
	if r.running() && at.last > r.fired && (k.live == none || r.list[r.cells.At(k.live).slice].compareLast(at) > 0) {
		k.live = id
	}
	if at.first <= r.fired && !aware && (r.cfg.Former != Early || r.cfg.Emission != OnClose) {
		from := waiting
		if r.cfg.Emission == OnClose {
			from = known
		}
		if c.sums[from] != none {
			if err := r.shift(id, from, fresh, false); err != nil {
				return err
			}
		}
	}
	if c.sums[waiting] != none {
		if err := r.waiting.push(id); err != nil {
			return err
		}
	}
	if r.running() && c.sums[known] != none && at.first <= r.fired && at.last > r.fired {
		return r.enter(id)
	}
	return nil
}

func (r *Revised) groupOf(key uint32) uint8 {
	if r.table == nil {
		return 0
	}
	return r.table.GroupOf(key)
}

func (r *Revised) isAware(group uint8) bool { return r.aware.has(group) }

// hasGroup reports whether there are keys of a key group.
func (r *Revised) hasGroup(group uint8) bool {
	if r.table == nil {
		return group == 0 && r.rings.Len() > 0 && r.rings.At(0).newest != none
	}
	return r.table.Has(group) || r.isAway(group)
}

// closedBy is how far windows have closed where a key group is; ok is false if that is not known or does not matter.
func (r *Revised) closedBy(group op.KeyGroup) (end int64, ok bool) {
	told := r.isAware(uint8(group)) || !r.stale && (r.away == nil || !r.away.unaware.has(uint8(group)))
	return r.fired, told && r.fired != math.MinInt64 && r.hasGroup(uint8(group))
}

func (r *Revised) restoreClosed(group op.KeyGroup, end int64) {
	r.fired = max(r.fired, end)
	r.aware.add(uint8(group))
	r.stale = true
}

// Kept are the cells.
func (r *Revised) Kept() []keyed.Kept {
	r.keeps = true
	if r.table == nil {
		return []keyed.Kept{r.kept}
	}
	return []keyed.Kept{&revisedPart{Cells: r.kept, r: r}}
}

// Rest returns how far windows have closed.
func (r *Revised) Rest(group op.KeyGroup) ([]byte, error) {
	end, ok := r.closedBy(group)
	if !ok {
		return nil, nil
	}
	return binary.BigEndian.AppendUint64([]byte{restVersion}, uint64(end)), nil //nolint:gosec // the bits of it
}

// RestoreRest puts in what Rest returned.
func (r *Revised) RestoreRest(group op.KeyGroup, data []byte) error {
	if len(data) != 9 || data[0] != restVersion {
		return r.corrupt("the time by which windows have closed is no number")
	}
	r.restoreClosed(group, int64(binary.BigEndian.Uint64(data[1:]))) //nolint:gosec // the bits of it
	return nil
}

// Restored leaves what follows to when it is needed.
func (r *Revised) Restored() error { return r.restoredInPart() }

// revisedVersion is that of the layout of a Revised's state: docs/format/window.md.
const revisedVersion = 1

// Snapshot returns the cells of the keys of a group.
func (r *Revised) Snapshot(group op.KeyGroup) ([]byte, error) {
	if !r.hasGroup(uint8(group)) {
		return nil, nil
	}
	var main, closed []byte
	if r.table == nil {
		main = r.appendRing(nil, 0)
	} else {
		var err error
		if main, err = r.table.Snapshot(uint8(group), r.appendRing); err != nil {
			return nil, err
		}
	}
	if end, ok := r.closedBy(group); ok {
		closed = binary.LittleEndian.AppendUint64(nil, uint64(end)) //nolint:gosec // as it is
	}
	return keyed.AppendParts(nil, revisedVersion, closed, main), nil
}

// appendRing appends the cells of a key, the oldest first.
func (r *Revised) appendRing(dst []byte, key uint32) []byte {
	for id := r.rings.At(key).oldest; id != none; id = r.cells.At(id).newer {
		at := r.list[r.cells.At(id).slice]
		dst = r.appendCell(binary.AppendVarint(binary.AppendVarint(dst, at.first), at.last), id)
	}
	return dst
}

// Restore puts the cells of a snapshot in.
func (r *Revised) Restore(group op.KeyGroup, data []byte) error {
	parts, err := keyed.Parts(r.cfg.Name, data, revisedVersion, 2)
	if err != nil {
		return err
	}
	switch len(parts[0]) {
	case 0:
	case 8:
		r.restoreClosed(group, int64(binary.LittleEndian.Uint64(parts[0]))) //nolint:gosec // as it was
	default:
		return r.corrupt("the time by which windows have closed is no number")
	}
	if r.table == nil {
		return op.OutOfMemory(r.cfg.Name, r.restoreRing(0, parts[1]))
	}
	return op.OutOfMemory(r.cfg.Name, r.table.Restore(uint8(group), parts[1], r.restoreRing))
}

func (r *Revised) restoreRing(key uint32, value []byte) error {
	if err := r.rings.Grow(int(key) + 1); err != nil {
		return err
	}
	*r.rings.At(key) = noRing()
	in := &slicesReader{data: value}
	for len(in.data) > 0 {
		first, last := in.varint(), in.varint()
		if in.bad {
			return r.corrupt("a key does not end where it should")
		}
		var id uint32
		var err error
		if id, in.data, err = r.restoreCell(key, first, last, in.data); err == nil {
			err = r.kept.Enter(id)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (r *Revised) corrupt(reason string) error {
	return &keyed.CorruptError{What: "slices of " + r.cfg.Name, Reason: reason}
}
