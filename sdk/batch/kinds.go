package batch

// PairKinds mends the kinds of rows that stand next to each other: an UpdateBefore without its UpdateAfter behind it becomes a Delete, an UpdateAfter
// without its UpdateBefore an Insert. Decoders do so where an update was written so that its halves are apart.
func PairKinds(kinds []Change) {
	open := false // the row before is an UpdateBefore
	for i, k := range kinds {
		switch {
		case k == UpdateAfter && !open:
			kinds[i] = Insert
		case k != UpdateAfter && open:
			kinds[i-1] = Delete
		}
		open = k == UpdateBefore
	}
	if open {
		kinds[len(kinds)-1] = Delete
	}
}
