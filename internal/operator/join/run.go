package join

import "wire.example/wire/internal/state/keyed"

// run is the rows of an input with one key, in the order in which they came.
type run struct {
	head, tail, count uint32
	// before says whether there were rows before the batch at work.
	before uint8
	// indexed: its rows are found by their images; gone: its key is not in the table any more.
	indexed, gone bool
}

// What is known of a run before the batch at work.
const (
	untouched uint8 = iota
	noneBefore
	someBefore
)

func noRun() run { return run{head: keyed.NoRow, tail: keyed.NoRow} }

// links link the rows of a store in lists, each of which is a run. prev is nil where rows leave only with all of their list.
type links struct{ next, prev *keyed.Slab[uint32] }

// push appends a row to a list.
func (l *links) push(r *run, id uint32) {
	if r.count == 0 {
		r.head = id
	} else {
		*l.next.At(r.tail) = id
	}
	*l.next.At(id) = keyed.NoRow
	if l.prev != nil {
		*l.prev.At(id) = r.tail
	}
	r.tail = id
	r.count++
}

// remove takes a row out of its list.
func (l *links) remove(r *run, id uint32) {
	next, prev := *l.next.At(id), *l.prev.At(id)
	if next == keyed.NoRow {
		r.tail = prev
	} else {
		*l.prev.At(next) = prev
	}
	if prev == keyed.NoRow {
		r.head = next
	} else {
		*l.next.At(prev) = next
	}
	r.count--
}

// has reports whether a row is in a list.
func (l *links) has(r *run, id uint32) bool {
	at := r.head
	for at != keyed.NoRow && at != id {
		at = *l.next.At(at)
	}
	return at == id
}
