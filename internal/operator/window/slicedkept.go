package window

import (
	"encoding/binary"
	"math"

	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
)

// newCells are the entries of slices, to be stored one by one. The end of the last window of its rows is the slice of an entry: those that share it leave together, and
// none comes behind with that end. What is stored are the sums of the rows of a slice alone, whatever entries become in memory to answer windows.
func (s *Sliced) newCells() *keyed.Cells {
	return keyed.NewCells(keyed.CellsConfig{
		Name: s.cfg.Name, Budget: s.budget, Table: s.table,
		Of: func(id uint32) (uint32, int64) {
			e := s.entries.At(id)
			if of := s.list[e.slice]; of != nil {
				return e.key, of.last
			}
			return e.key, 0
		},
		Append: s.appendCell,
		Find: func(hashes []uint64, cols []*batch.Column, slots []uint32) error {
			return keyed.Places(s.table, hashes, cols, nil, slots, s.runs, noRun())
		},
		Restore: s.restoreCell,
	})
}

// appendCell appends the end of the first window of an entry's rows to its key, and its generation unless that is 0; and what the calls know of it to its value.
func (s *Sliced) appendCell(key, value []byte, id uint32) (k, v []byte) {
	key = binary.BigEndian.AppendUint64(key, uint64(s.list[s.entries.At(id).slice].first)) //nolint:gosec // the bits of it
	if age := s.ageOf(id); age > 0 {
		key = binary.BigEndian.AppendUint32(key, age)
	}
	summed := byte(0)
	if s.summed[id] {
		summed = 1
	}
	return key, s.appendEntry(append(value, summed), id)
}

// restoreCell makes an entry of what appendCell wrote: one of an open slice, until Restored knows which windows were answered.
func (s *Sliced) restoreCell(slot uint32, last int64, rest, value []byte) (uint32, error) {
	first, age, ok := s.readCell(rest, last)
	if !ok || len(value) == 0 || value[0] > 1 {
		return 0, s.corrupt("an entry does not end where it should")
	}
	at := s.openSlice(first, last)
	if s.firing && s.resident(slot, at, age) { // it is read for a page
		return keyed.NoSlot, nil
	}
	in := &slicesReader{sliced: s, data: value[1:]}
	id, err := in.entry(slot, at)
	if err != nil {
		return 0, err
	}
	if len(in.data) > 0 {
		return 0, s.corrupt("an entry does not end where it should")
	}
	if value[0] == 1 {
		s.sum(id)
	}
	s.round = max(s.round, age+1)
	if err := s.date(id, age); err != nil {
		return 0, err
	}
	s.chainByAge(&s.runs.At(slot).open, id, at)
	return id, nil
}

// readCell reads what appendCell appended to the key of an entry whose last window ends at last.
func (s *Sliced) readCell(rest []byte, last int64) (first int64, age uint32, ok bool) {
	switch len(rest) {
	case 8:
	case 8 + 4:
		age = binary.BigEndian.Uint32(rest[8:])
	default:
		return 0, 0, false
	}
	first = int64(binary.BigEndian.Uint64(rest)) //nolint:gosec // the bits of it
	return first, age, s.shape.spans(first, last)
}

// sum notes that an entry holds the sum of itself and the entries behind it: it was restored so by key groups.
func (s *Sliced) sum(id uint32) {
	if s.summed == nil {
		s.summed = map[uint32]bool{}
	}
	s.summed[id] = true
}

// enterRestored notes the entries of a key that was restored by key groups, which are not stored by themselves yet.
func (s *Sliced) enterRestored(key uint32) error {
	if !s.keeps {
		return nil
	}
	r := s.runs.At(key)
	front := r.front
	for _, head := range [...]uint32{r.oldest, r.odd, r.open} {
		for id := head; id != none && (head != r.oldest || r.count > 0); id = s.entries.At(id).next {
			if head == r.oldest && front > 0 {
				s.sum(id)
				front--
			}
			if err := s.cells.Enter(id); err != nil {
				return err
			}
		}
	}
	if r.back == none || s.shape.Kind != Cumulate {
		return nil
	}
	if err := s.cells.Enter(r.back); err != nil {
		return err
	}
	s.cells.Freeze([]uint32{r.back})
	return nil
}

// dropStored drops what is stored of the slices whose last window ended at end.
func (s *Sliced) dropStored(end int64) {
	for i := 0; i < len(s.rest) && s.rest[i].last <= end; {
		ids, last := s.emit.from[:0], s.rest[i].last
		for ; i < len(s.rest) && s.rest[i].last == last; i++ {
			for id := s.rest[i].entries; id != none; id = s.entries.At(id).peer {
				ids = append(ids, id)
			}
		}
		s.cells.Drop(last, ids)
		s.emit.from = ids
	}
}

// freezeSlice has the entries of a slice stored as they are, whatever becomes of them.
func (s *Sliced) freezeSlice(in *slice) {
	ids := s.emit.chain[:0]
	for id := in.entries; id != none; id = s.entries.At(id).peer {
		ids = append(ids, id)
	}
	s.cells.Freeze(ids)
	s.emit.chain = ids
}

// Kept are the entries.
func (s *Sliced) Kept() []keyed.Kept {
	s.keeps = true
	if s.table == nil {
		return []keyed.Kept{s.cells}
	}
	return []keyed.Kept{&slicedPart{Cells: s.cells, s: s}}
}

// EntriesVersion is 2 since a key and a slice may have several entries. Those of version 1 are read: they are of generation 0.
func (s *Sliced) EntriesVersion() int { return 2 }

// OldestEntries is 1.
func (s *Sliced) OldestEntries() int { return 1 }

// Rest returns the end of the window that was answered last.
func (s *Sliced) Rest(group op.KeyGroup) ([]byte, error) {
	switch {
	case s.fired == math.MinInt64:
		return nil, nil
	case s.table != nil && !s.table.Has(uint8(group)) && !s.isAway(group):
		return nil, nil
	case s.table == nil && (group != 0 || s.runs.Len() == 0 || s.runs.At(0).empty()):
		return nil, nil
	}
	return binary.BigEndian.AppendUint64([]byte{restVersion}, uint64(s.fired)), nil //nolint:gosec // the bits of it
}

// RestoreRest puts in what Rest returned.
func (s *Sliced) RestoreRest(_ op.KeyGroup, data []byte) error {
	if len(data) != 9 || data[0] != restVersion {
		return s.corrupt("the end of the last window is no number")
	}
	s.fired = max(s.fired, int64(binary.BigEndian.Uint64(data[1:]))) //nolint:gosec // the bits of it
	return nil
}

// Restored takes in the slices whose first window was answered.
func (s *Sliced) Restored() error {
	if s.away != nil && s.away.any {
		return s.restoredInPart()
	}
	for !s.whole && len(s.open) > 0 && s.open[0].first <= s.fired {
		if err := s.begin(s.open[0].first); err != nil {
			return op.OutOfMemory(s.cfg.Name, err)
		}
	}
	return nil
}
