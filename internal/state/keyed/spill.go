package keyed

import (
	"errors"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/state/store"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/sqlstate"
)

// spill is the work of writing all rows in memory as runs, and of merging runs where there are many. It goes from phase to phase.
type spill struct {
	runs *Runs
	next func(into *store.Changes) (progress, error)

	cursor Cursor // of the rows that are not written
	ids    []uint32
	held   int64     // reserved for ids
	group  uint8     // of run
	run    sortedRun // being written
	cols   []*batch.Column
	fresh  []freshRun // written, and not in the index

	merger *Merger
	merged []sortedRun // what it merges
	from   int         // the place of the first of them
}

type freshRun struct {
	group uint8
	run   sortedRun
}

// progress is what a step of a spill was.
type progress uint8

const (
	goesOn progress = iota
	// apart: what comes next must not be applied together with what came before, since a table with both would reach over others.
	apart
	through
)

// SpillSome writes a piece; see Spiller.
func (r *Runs) SpillSome(into *store.Changes, most int64) (more bool, err error) {
	if r.work == nil {
		w := &spill{runs: r, cols: r.columns()}
		w.next = w.clear
		r.work = w
	}
	from := into.Bytes()
	for into.Bytes()-from < most {
		p, err := r.work.next(into)
		switch {
		case err != nil:
			return false, err
		case p == through:
			release(r.work.cols)
			r.work, r.wanted = nil, false
			return false, nil
		case p == apart && into.Len() > 0:
			return true, nil
		}
	}
	return true, nil
}

// begin sorts the next rows of a key group in memory: as many as there is memory for.
func (w *spill) begin(*store.Changes) (progress, error) {
	rows := w.runs.config.Rows
	for w.cursor.Group < Groups {
		group := uint8(w.cursor.Group) //nolint:gosec // below Groups
		left := rows.count(group) - w.cursor.at
		if left == 0 {
			w.cursor = Cursor{Group: w.cursor.Group + 1}
			continue
		}
		if err := w.sort(group, left); err != nil {
			return 0, err
		}
		if len(w.ids) == 0 { // none is needed
			w.release()
			continue
		}
		before := w.group
		w.runs.last++
		w.group, w.run, w.next = group, sortedRun{order: w.runs.last, slice: w.runs.last}, w.write
		if store.ShardOf(firstHash(before)) != store.ShardOf(firstHash(group)) {
			return apart, nil
		}
		return goesOn, nil
	}
	w.next = w.index
	return apart, nil
}

// sort sets ids to rows of a group, in order.
func (w *spill) sort(group uint8, left int) error {
	c := &w.runs.config
	n := min(left, max(leastRun, int((c.Budget.Available()-w.runs.low/2)/(sortBytes+numberBytes))))
	if err := c.Budget.Reserve(int64(n) * numberBytes); err != nil {
		return outOfMemory(c.Name, err)
	}
	w.held = int64(n) * numberBytes
	w.ids = make([]uint32, n)
	c.Rows.scanGroup(group, &w.cursor.at, w.ids)
	if err := c.Order.Sort(c.Rows, w.ids); err != nil {
		w.release()
		return err
	}
	if c.Cut != nil {
		w.ids = c.Cut(w.ids)
	}
	return nil
}

// write writes a block of the rows that are sorted.
func (w *spill) write(into *store.Changes) (progress, error) {
	r := w.runs
	n := w.fitting()
	w.gatherRows(w.ids[:n])
	r.putBlock(into, w.group, &w.run, w.cols, n)
	if w.ids = w.ids[n:]; len(w.ids) > 0 {
		return goesOn, nil
	}
	w.fresh = append(w.fresh, freshRun{w.group, w.run})
	w.release()
	w.next = w.begin
	return goesOn, nil
}

// gatherRows makes cols rows in memory.
func (w *spill) gatherRows(ids []uint32) {
	rows := w.runs.config.Rows
	if !w.runs.config.Signed {
		rows.Gather(ids, w.cols)
		return
	}
	last := len(w.cols) - 1
	rows.Gather(ids, w.cols[:last])
	w.cols[last].Reset(len(ids))
	for i, id := range ids {
		w.cols[last].Bits().Put(i, *rows.Mark(id)&Minus != 0)
	}
}

// release gives the memory of ids back.
func (w *spill) release() {
	w.runs.config.Budget.Release(w.held)
	w.ids, w.held = nil, 0
}

// fitting returns how many of ids a block takes.
func (w *spill) fitting() int {
	rows, most := w.runs.config.Rows, w.runs.blockBytes()
	width := 1
	for _, t := range w.runs.config.Types {
		width += max(t.Kind.Width(), 1)
	}
	n, bytes := 0, 0
	for most, full := most, min(len(w.ids), batch.MaxRows); n < full && (n == 0 || bytes < most); n++ {
		bytes += width
		if rows.long {
			cols, row := rows.Row(w.ids[n])
			one := [1]uint16{uint16(row)} //nolint:gosec // a row of a chunk
			bytes += textBytes(cols, one[:])
		}
	}
	return n
}

// index notes the runs that were written. Now the rows in memory can go.
func (w *spill) index(into *store.Changes) (progress, error) {
	r := w.runs
	for _, f := range w.fresh {
		r.putIndex(into, f.group, f.run)
		r.add(f.group, f.run)
	}
	w.fresh = nil
	r.config.Rows.Free()
	r.config.Left()
	w.next = w.gather
	return apart, nil
}

// gather finds runs that should become one: of the last that have been merged as often there are many, or there are too many in all.
func (w *spill) gather(*store.Changes) (progress, error) {
	r := w.runs
	most := r.fanIn()
	for g := range r.groups {
		runs := r.groups[g]
		if len(runs) < most {
			continue
		}
		from := len(runs)
		for from > 0 && runs[from-1].level == runs[len(runs)-1].level {
			from--
		}
		level := runs[len(runs)-1].level + 1
		if len(runs)-from < most {
			if len(runs) < 2*most {
				continue
			}
			from = len(runs) - most
			level = runs[from].level
		}
		merger, err := r.merge(uint8(g), runs[from:from+most]) //nolint:gosec // below Groups
		if err != nil {
			return 0, err
		}
		r.last++
		w.group, w.merger, w.merged, w.from = uint8(g), merger, runs[from:from+most], from //nolint:gosec // below Groups
		w.run = sortedRun{order: runs[from].order, slice: r.last, level: level}
		w.next = w.mergeSome
		return apart, nil
	}
	return through, nil
}

// mergeSome writes a block of merged rows.
func (w *spill) mergeSome(into *store.Changes) (progress, error) {
	r := w.runs
	rows, bytes := uint64(0), uint64(0)
	for _, n := range w.merged {
		rows, bytes = rows+n.rows, bytes+n.bytes // of all blocks
	}
	most := min(max(uint64(r.blockBytes())*rows/max(bytes, 1), 1), batch.MaxRows)
	n, done, err := w.mergeRows(int(most)) //nolint:gosec // at most batch.MaxRows
	if err != nil {
		w.merger.Close()
		return 0, err
	}
	if n > 0 {
		r.putBlock(into, w.group, &w.run, w.cols, n)
	}
	if !done {
		return goesOn, nil
	}
	w.merger.Close()
	w.next = w.replace
	return apart, nil
}

// mergeRows makes cols the next rows of the merge.
func (w *spill) mergeRows(most int) (n int, done bool, err error) {
	if w.runs.config.Signed {
		return w.merger.netted(w.cols, most)
	}
	return w.merger.Next(w.cols, most, nil)
}

// replace notes the merged run in place of those that it was made of.
func (w *spill) replace(into *store.Changes) (progress, error) {
	r := w.runs
	first := firstHash(w.group)
	for _, n := range w.merged {
		into.Drop(r.home.Space, n.slice, first, first|(1<<groupShift-1))
		if n.order != w.run.order {
			into.Delete(r.home.Space, indexSlice, first, orderKey8(n.order))
		}
	}
	runs := r.groups[w.group]
	left := append([]sortedRun(nil), runs[:w.from]...)
	if w.run.rows > 0 {
		r.putIndex(into, w.group, w.run)
		left = append(left, w.run)
	} else {
		into.Delete(r.home.Space, indexSlice, first, orderKey8(w.run.order))
	}
	left = append(left, runs[w.from+len(w.merged):]...)
	r.groups[w.group] = left
	r.count -= len(runs) - len(left)
	w.next = w.gather
	return apart, nil
}

// WantIf is Want after a reservation was refused, which is what err says; it reports whether the rows in memory will leave it.
func (r *Runs) WantIf(err error) bool {
	var full *limit.ExceededError
	var state *sqlstate.Error
	refused := errors.As(err, &full) || errors.As(err, &state) && state.Code == sqlstate.OutOfMemory
	return refused && r.config.Rows.Len() > 0 && r.Want()
}
