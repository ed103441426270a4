package topn

import (
	"wire.example/wire/internal/state/keyed"
)

// walk goes through the list of a partition from the first place on that may differ from what was emitted, until behind all rows that are among the first or were emitted.
type walk struct {
	o    *Operator
	id   uint32 // the row at hand
	rank uint32 // what the function says of it
	// inside says that it is among the first.
	inside bool
	// emitted is how many rows inside there have been, with those before the walk.
	emitted int

	place    int // of the row that comes next
	coming   uint32
	expected int    // how many emitted rows are still to come
	bound    uint32 // the last row that counts, where others may be equal to it
}

func newWalk(o *Operator, part *partitionState, t *touch) walk {
	w := walk{o: o, id: keyed.NoRow, bound: keyed.NoRow}
	if o.config.Function == RowNumber {
		w.place = min(t.low, o.lists.Len(part.root))
		w.emitted = min(max(0, w.place-int(min(o.config.Offset, int64(w.place)))), int(part.emitted))
		w.rank = uint32(w.place) //nolint:gosec // fewer rows than numbers
	}
	w.expected = int(part.emitted) - w.emitted - t.count
	w.coming = o.lists.At(part.root, w.place)
	if o.config.WithTies && o.end <= int64(o.lists.Len(part.root)) {
		w.bound = o.lists.At(part.root, int(o.end)-1)
	}
	return w
}

// next goes on to the next row, if there is one that matters.
func (w *walk) next() bool {
	if w.coming == keyed.NoRow {
		return false
	}
	before := w.id
	w.id = w.coming
	c := &w.o.config
	switch c.Function {
	case RowNumber:
		w.rank++
	case Rank:
		if !w.o.isPeer(w.id, before) {
			w.rank = uint32(w.place) + 1 //nolint:gosec // fewer rows than numbers
		}
	default:
		if !w.o.isPeer(w.id, before) {
			w.rank++
		}
	}
	rank := int64(w.rank)
	w.inside = rank > c.Offset && (rank <= w.o.end || c.WithTies && w.bound != keyed.NoRow && w.o.isPeer(w.id, w.bound))
	if !w.inside && rank > c.Offset && w.expected == 0 {
		return false
	}
	if w.o.notes.At(w.id).place != keyed.NoRow {
		w.expected--
	}
	if w.inside {
		w.emitted++
	}
	w.place++
	w.coming = w.o.lists.Next(w.id)
	return true
}
