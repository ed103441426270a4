package keyed

import "wire.example/wire/sdk/batch"

// Places sets slots to those of the keys of rows in t, as Upsert does, and makes slab as large as t; what slab has for new keys becomes empty. Without a table
// there is one key, in slot 0, and hashes, cols and rows mean nothing. The error is SQLSTATE 53200, or a refusal of the slab's budget.
func Places[T any](t *Table, hashes []uint64, cols []*batch.Column, rows []uint16, slots []uint32, slab *Slab[T], empty T) error {
	if t == nil {
		clear(slots)
		if slab.Len() > 0 {
			return nil
		}
		if err := slab.Grow(1); err != nil {
			return err
		}
		*slab.At(0) = empty
		return nil
	}
	fresh, err := t.Upsert(hashes, cols, rows, slots)
	if err != nil {
		return err
	}
	if err := slab.Grow(t.Limit()); err != nil {
		return err
	}
	for _, i := range fresh {
		*slab.At(slots[i]) = empty
	}
	return nil
}
