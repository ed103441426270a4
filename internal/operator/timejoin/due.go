package timejoin

import (
	"wire.example/wire/internal/foundation/limit"
)

// due is rows that may come out when a time has come: a heap of their times. It is made of the rows again after a restore.
type due struct {
	budget *limit.Budget
	heap   []dueRow
}

// dueRow is a row and its time.
type dueRow struct {
	micros int64
	id     uint32
}

// dueBytes is the size of a dueRow.
const dueBytes = 16

func (a dueRow) before(b dueRow) bool {
	return a.micros < b.micros || a.micros == b.micros && a.id < b.id
}

// push adds a row. The error is a *limit.ExceededError.
func (d *due) push(micros int64, id uint32) error {
	if len(d.heap) == cap(d.heap) {
		room := max(2*cap(d.heap), 64)
		if err := d.budget.Reserve(int64(room-cap(d.heap)) * dueBytes); err != nil {
			return err
		}
		grown := make([]dueRow, len(d.heap), room)
		copy(grown, d.heap)
		d.heap = grown
	}
	d.heap = append(d.heap, dueRow{micros, id})
	for i := len(d.heap) - 1; i > 0; {
		parent := (i - 1) / 2
		if !d.heap[i].before(d.heap[parent]) {
			break
		}
		d.heap[i], d.heap[parent] = d.heap[parent], d.heap[i]
		i = parent
	}
	return nil
}

// first returns the time of the row that comes first; there is one.
func (d *due) first() int64 { return d.heap[0].micros }

// pop takes out the row that comes first; there is one.
func (d *due) pop() uint32 {
	id := d.heap[0].id
	last := len(d.heap) - 1
	row := d.heap[last]
	d.heap = d.heap[:last]
	if last == 0 {
		return id
	}
	i := 0
	for {
		child := 2*i + 1
		if child >= last {
			break
		}
		if right := child + 1; right < last && d.heap[right].before(d.heap[child]) {
			child = right
		}
		if !d.heap[child].before(row) {
			break
		}
		d.heap[i] = d.heap[child]
		i = child
	}
	d.heap[i] = row
	return id
}

// free gives the memory back.
func (d *due) free() {
	d.budget.Release(int64(cap(d.heap)) * dueBytes)
	d.heap = nil
}
