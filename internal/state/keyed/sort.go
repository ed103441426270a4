package keyed

import "slices"

// sortEntry is a row to be sorted.
type sortEntry struct {
	prefix Prefix
	id     uint32
}

// sortEntryBytes is what sorting takes for a row while it runs.
const sortEntryBytes = 24

// Sort puts the rows of ids in order. Rows that are equal in it keep the order in which ids has them. The error, SQLSTATE 53200, is for the memory
// that sorting takes while it runs: 24 bytes a row.
func (o *Order) Sort(r *Rows, ids []uint32) error {
	need := int64(len(ids)) * sortEntryBytes
	if err := r.budget.Reserve(need); err != nil {
		return outOfMemory(r.name, err)
	}
	defer r.budget.Release(need)
	entries := make([]sortEntry, len(ids))
	for i, id := range ids {
		cols, row := r.Row(id)
		entries[i] = sortEntry{prefix: o.prefix(cols, row), id: id}
	}
	slices.SortStableFunc(entries, func(a, b sortEntry) int {
		switch {
		case a.prefix.Less(b.prefix):
			return -1
		case b.prefix.Less(a.prefix):
			return 1
		case o.exact:
			return 0
		}
		return o.CompareIDs(r, a.id, b.id)
	})
	for i := range entries {
		ids[i] = entries[i].id
	}
	return nil
}
