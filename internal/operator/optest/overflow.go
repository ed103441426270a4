package optest

import (
	"slices"

	"wire.example/wire/internal/state/keyed"
)

// How rows are restored that leave memory for other parts, as flow does: those parts come first, and rows are written to them as they come.

func isSpiller(part keyed.Kept) bool {
	_, ok := part.(keyed.Spiller)
	return ok
}

// overflows reports whether rows leave memory for other parts.
func (r *run) overflows() bool { return slices.ContainsFunc(r.instances[0].kept.parts, isSpiller) }

// tablesInTurn are the numbers of the parts in the order in which they are restored.
func (r *run) tablesInTurn() (tables []int) {
	for _, spillers := range []bool{true, false} {
		for table, part := range r.instances[0].kept.parts {
			if isSpiller(part) == spillers {
				tables = append(tables, table)
			}
		}
	}
	return tables
}

// writeOut has the rows of a part that were put in leave memory, as if it were tight: always, once some have, else now and then.
func (r *run) writeOut(in *instance, table int) error {
	if isSpiller(in.kept.parts[table]) {
		return nil
	}
	r.written++
	if !in.kept.overflowed && r.written%3 > 0 {
		return nil
	}
	may := func(part keyed.Spiller) bool {
		runs, ok := part.(interface{ MayLeave() bool })
		return !ok || runs.MayLeave()
	}
	in.kept.overflowed = slices.ContainsFunc(in.kept.parts, func(part keyed.Kept) bool {
		spiller, ok := part.(keyed.Spiller)
		return ok && may(spiller)
	})
	return r.spill(in, may)
}
