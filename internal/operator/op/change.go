package op

import "wire.example/wire/sdk/batch"

// The contract of changes.
//
// A batch with Kinds is part of a changelog: a row of kind Insert or UpdateAfter comes to be, one of kind UpdateBefore or Delete, with all its columns as
// they were, ceases to be. An operator must do the same for both kinds of either direction: the halves of an update are two rows. What an operator emits
// keeps these rules:
//
//   - an UpdateBefore is followed at once, as the next row that counts of the same batch, by its UpdateAfter; where one half is lost, to a filter or in
//     an exchange, the other becomes a Delete or an Insert;
//   - a row is taken back only after it was given, and as often as it was given;
//   - rows that are equal in all columns are a bag.
//
// What is taken back and not known, since its state has expired, is counted and changes nothing. A row with a new value may come before the one with the old value
// is taken back, where they went through different tasks.

// Adds reports whether a row of kind k comes to be.
func Adds(k batch.Change) bool { return k == batch.Insert || k == batch.UpdateAfter }

// Retracted reports whether b takes rows back.
func Retracted(b *batch.Batch) bool {
	if b.Kinds == nil {
		return false
	}
	for i := range b.Rows() {
		if !Adds(b.Kinds[b.Row(i)]) {
			return true
		}
	}
	return false
}

// Pair makes kinds of b what they must be after rows of it were left out: an update of which only one half counts becomes a Delete or an Insert. It returns
// b.Kinds as they are if nothing was to be done, else dst with all kinds, which must be set as those of b.
func Pair(b *batch.Batch, dst []batch.Change) []batch.Change {
	if b.Kinds == nil || b.Sel == nil {
		return b.Kinds
	}
	copied := false
	put := func(row int, k batch.Change) {
		if !copied {
			dst, copied = append(dst[:0], b.Kinds...), true
		}
		dst[row] = k
	}
	rows := b.Sel
	for i, row := range rows {
		switch b.Kinds[row] {
		case batch.UpdateBefore:
			if int(row)+1 >= b.Len || i+1 == len(rows) || rows[i+1] != row+1 || b.Kinds[row+1] != batch.UpdateAfter {
				put(int(row), batch.Delete)
			}
		case batch.UpdateAfter:
			if row == 0 || i == 0 || rows[i-1] != row-1 || b.Kinds[row-1] != batch.UpdateBefore {
				put(int(row), batch.Insert)
			}
		}
	}
	if copied {
		return dst
	}
	return b.Kinds
}

// Mend gives b, which is a view of a batch of which rows were left out, the kinds that Pair makes. They may lie in memory, which is kept from batch to batch.
func Mend(b *batch.Batch, memory *[]batch.Change) {
	mended := Pair(b, *memory)
	if len(mended) > 0 && &mended[0] != &b.Kinds[0] {
		b.Kinds, *memory = mended, mended
	}
}
