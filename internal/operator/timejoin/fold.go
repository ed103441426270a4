package timejoin

import (
	"wire.example/wire/internal/foundation/fault"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// fold leaves of a side's rows those that were not taken back: of rows that are equal in all columns as many as came more often than they were taken.
// A row may be taken back before it comes.
func (j *closing) fold(input int) error {
	s := &j.sides[input]
	if s.slice == nil || !s.slice.takes {
		return nil
	}
	f := newFolding(j.cfg, s.store)
	defer f.free()
	rows := s.slice.rows
	for _, final := range []bool{false, true} {
		kept := s.ids[:0]
		for from := 0; from < len(s.ids); {
			ids := s.ids[from:min(from+batch.MaxRows, len(s.ids))]
			from += len(ids)
			slots, err := f.count(rows, ids, !final)
			if err != nil {
				return err
			}
			for i, slot := range slots {
				n := f.counts.At(slot)
				takes := *rows.Mark(ids[i])&taken != 0
				switch {
				case !final && takes:
					if *n--; *n < 0 && fault.Weak("changes/early") {
						*n = 0
					}
				case !final:
					*n++
				case !takes && *n > 0:
					*n--
					at := len(kept)
					kept = s.ids[:at+1]
					kept[at], ids[i] = ids[i], kept[at] // the others stay behind them: all ids may be another's
				}
			}
		}
		if final {
			s.ids = kept
		}
	}
	return nil
}

// folding counts rows that are equal.
type folding struct {
	name   string
	table  *keyed.Table
	counts *keyed.Slab[int64]
	hasher *keyed.Hasher
	own    []*batch.Column // those that are kept
	cols   []*batch.Column // the same, without gaps
	slots  []uint32
}

func newFolding(c *Config, s *store) *folding {
	f := &folding{name: s.name, counts: keyed.NewSlab[int64](c.Budget), own: make([]*batch.Column, len(s.keep)), slots: make([]uint32, batch.MaxRows)}
	var types []schema.Type
	var columns []int
	for i, keep := range s.keep {
		if keep {
			f.own[i] = batch.NewColumn(c.Pool, c.types(s.input)[i])
			columns, types, f.cols = append(columns, i), append(types, f.own[i].Type()), append(f.cols, f.own[i])
		}
	}
	f.hasher = keyed.NewHasher(columns)
	f.table = keyed.NewTable(c.Pool, types, s.name, c.Budget)
	return f
}

// count returns the slots of the counts of rows. Lent until the next call.
func (f *folding) count(rows *keyed.Rows, ids []uint32, first bool) ([]uint32, error) {
	rows.Gather(ids, f.own)
	hashes := f.hasher.Hash(&batch.Batch{Cols: f.own, Len: len(ids)})
	slots := f.slots[:len(ids)]
	if !first {
		return slots, f.table.Find(hashes, f.cols, nil, slots)
	}
	fresh, err := f.table.Upsert(hashes, f.cols, nil, slots)
	if err != nil {
		return nil, err
	}
	if err := f.counts.Grow(f.table.Limit()); err != nil {
		return nil, op.OutOfMemory(f.name, err)
	}
	for _, i := range fresh {
		*f.counts.At(slots[i]) = 0
	}
	return slots, nil
}

func (f *folding) free() {
	f.table.Free()
	f.counts.Free()
	for _, c := range f.cols {
		c.Release()
	}
}
