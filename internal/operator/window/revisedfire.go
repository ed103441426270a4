package window

import (
	"cmp"
	"math"
	"slices"

	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
)

// OnWatermark closes the windows that end by now, and forgets those that are over.
func (r *Revised) OnWatermark(micros int64, out *op.Output) (more bool, err error) {
	if r.cfg.ProcessingTime {
		return false, nil
	}
	return r.close(micros, out)
}

// OnEnd closes all windows.
func (r *Revised) OnEnd(out *op.Output) (more bool, err error) {
	if more, err = r.close(math.MaxInt64, out); err == nil && !more {
		r.release()
	}
	return more, err
}

// release gives the memory back that is left when nothing comes any more.
func (r *Revised) release() {
	r.kept.Free()
	r.vacate()
}

// vacate gives the memory of all keys and cells back.
func (r *Revised) vacate() {
	if r.table != nil {
		r.table.Free()
	}
	r.rings.Free()
	r.cells.Free()
	r.sums.release()
	r.fresh.release()
	r.waiting.release()
	r.due.release()
	r.revise.keys.release()
	if r.away != nil {
		r.away.keys.release()
	}
	r.used, r.free, r.idle = 0, none, 0
}

// over reports whether nothing counts any more that comes for a window that ends at end.
func (r *Revised) over(end int64) bool {
	return add(add(max(end, 0), r.cfg.Lag), r.cfg.Lateness)+min(end, 0) <= r.mark
}

// closed is the latest end of a window that closes by now.
func (r *Revised) closed() int64 {
	switch {
	case r.mark == math.MaxInt64:
		return math.MaxInt64
	case r.cfg.Lag == math.MaxInt64 || r.mark < math.MinInt64+r.cfg.Lag:
		return math.MinInt64
	default:
		return r.mark - r.cfg.Lag
	}
}

// close answers the windows that end by micros, if they are answered then, one after the other, and forgets those that are over.
func (r *Revised) close(micros int64, out *op.Output) (more bool, err error) {
	if !r.firing {
		if err := r.settleRestored(); err != nil {
			return false, op.OutOfMemory(r.cfg.Name, err)
		}
		r.mark = max(r.mark, micros)
		if r.hearsBefore() || r.away != nil && r.away.page.turning {
			if more, err := r.hear(out); more || err != nil {
				return more, err
			}
		}
		if _, closes := r.nextWindow(); closes && r.turnsPages() { // so that all may leave memory
			if more, err := r.flush(out); more || err != nil {
				return more, err
			}
		}
	}
	if r.running() {
		if more, err = r.fire(out); more || err != nil {
			return more, op.OutOfMemory(r.cfg.Name, err)
		}
	}
	r.fired = max(r.fired, r.closed())
	return false, op.OutOfMemory(r.cfg.Name, r.drop())
}

func (r *Revised) fire(out *op.Output) (more bool, err error) {
	for {
		if !r.firing {
			end, ok := r.nextWindow()
			if !ok {
				return false, nil
			}
			r.firing, r.end, r.once, r.cursor = true, end, false, keyed.Cursor{}
			if r.beginPages() {
				r.openSlices(end)
				if r.away.settling {
					return true, nil
				}
			} else if err := r.openWindow(end); err != nil {
				return false, err
			}
		}
		tell := r.answerAll
		if r.away != nil && r.away.page.turning {
			tell = r.firePages
		}
		if more, err := tell(out); more || err != nil {
			return more, err
		}
		if err := r.leave(r.end); err != nil {
			return false, err
		}
		r.firing, r.fired = false, r.end
	}
}

// answerAll goes on to tell of the window, or of a page of it, until something was emitted.
func (r *Revised) answerAll(out *op.Output) (more bool, err error) {
	for {
		r.rows.reset()
		found, err := r.answer()
		if err != nil {
			return false, err
		}
		emitted, err := r.rows.emit(out)
		if err != nil || emitted {
			return emitted, err
		}
		if !found {
			return false, nil
		}
	}
}

// nextWindow returns the end of the next window that has rows, if it is time to answer it.
func (r *Revised) nextWindow() (end int64, ok bool) {
	end = math.MaxInt64
	if len(r.open) > 0 {
		end, ok = r.open[0].first, true
	}
	if len(r.inside) > 0 {
		next, _ := r.shape.after(r.fired, r.inside[0].first, r.inside[0].last)
		end, ok = min(end, next), true
	}
	return end, ok && end <= r.closed()
}

// openSlices takes the slices in whose first window ends at end, whose cells are taken in page by page.
func (r *Revised) openSlices(end int64) {
	for len(r.open) > 0 && r.open[0].first == end {
		r.inside = insertByLast(r.inside, r.open[0])
		r.open = slices.Delete(r.open, 0, 1)
	}
}

// openWindow takes the slices in whose first window ends at end, and finds the cells that something waits in.
func (r *Revised) openWindow(end int64) error {
	for len(r.open) > 0 && r.open[0].first == end {
		in := r.open[0]
		r.open = slices.Delete(r.open, 0, 1)
		r.inside = insertByLast(r.inside, in)
		for id := in.entries; id != none; id = r.cells.At(id).peer {
			if r.cells.At(id).sums[known] == none {
				continue
			}
			if err := r.enter(id); err != nil {
				return err
			}
		}
		if err := r.sums.carryOut(); err != nil {
			return err
		}
	}
	r.due.list, r.dueAt = r.due.list[:0], 0
	for _, id := range r.waiting.list {
		if at := r.list[r.cells.At(id).slice]; at.first <= end && end <= at.last {
			if err := r.due.push(id); err != nil {
				return err
			}
		}
	}
	slices.SortFunc(r.due.list, func(a, b uint32) int { return cmp.Compare(r.cells.At(a).key, r.cells.At(b).key) })
	return nil
}

// answer has rows made of the next keys with something to tell of the window that is being answered: false at the end.
func (r *Revised) answer() (found bool, err error) {
	if r.cfg.Emission == Periodically {
		return r.answerDue()
	}
	if r.table == nil {
		if r.once {
			return false, nil
		}
		r.once = true
		return true, r.answerKey(0)
	}
	scanned := r.batch.keys[:mostRevised]
	to := keyed.Groups
	if r.away != nil && r.away.page.turning {
		to = r.away.page.to
	}
	n := r.table.ScanGroups(&r.cursor, to, scanned)
	for _, key := range scanned[:n] {
		if err := r.answerKey(key); err != nil {
			return false, err
		}
	}
	return n > 0, nil
}

// answerKey has a row made of the window, of which nothing was shown.
func (r *Revised) answerKey(key uint32) error {
	k := r.rings.At(key)
	if k.inside == 0 {
		return nil
	}
	r.rows.before = none
	r.rows.sum.begin(r.frontOf(k), k.back)
	return r.rows.add(key, r.end)
}

// frontOf is the sum of the cells that have a front.
func (r *Revised) frontOf(k *ring) uint32 {
	if k.fronts == 0 {
		return none
	}
	id := k.live
	for r.cells.At(id).front == none {
		id = r.cells.At(id).newer
	}
	return r.cells.At(id).front
}

// answerDue does that for the keys in which something waits.
func (r *Revised) answerDue() (found bool, err error) {
	due := r.due.list
	for r.dueAt < len(due) && !r.rows.full() {
		found = true
		key := r.cells.At(due[r.dueAt]).key
		k := r.rings.At(key)
		s := &r.rows.sum
		s.begin(r.frontOf(k), k.back)
		if err := r.rows.shown(); err != nil {
			return false, err
		}
		for ; r.dueAt < len(due) && r.cells.At(due[r.dueAt]).key == key; r.dueAt++ {
			s.part(r.cells.At(due[r.dueAt]).sums[waiting])
		}
		if err := r.rows.add(key, r.end); err != nil {
			return false, err
		}
	}
	return found, nil
}

// leave takes the slices out whose last window ended at end. What waited there was told.
func (r *Revised) leave(end int64) error {
	n := 0
	for ; n < len(r.inside) && r.inside[n].last <= end; n++ {
		gone := r.inside[n]
		if r.away != nil && r.away.paged { // they were taken out page by page
			r.past = insertByLast(r.past, gone)
			continue
		}
		for id := gone.entries; id != none; id = r.cells.At(id).peer {
			if err := r.exit(id, end); err != nil {
				return err
			}
			if r.cells.At(id).sums[waiting] == none {
				continue
			}
			if err := r.shift(id, waiting, known, false); err != nil {
				return err
			}
		}
		r.past = insertByLast(r.past, gone)
	}
	r.inside = slices.Delete(r.inside, 0, n)
	if n > 0 {
		r.waiting.list = slices.DeleteFunc(r.waiting.list, func(id uint32) bool { return r.cells.At(id).sums[waiting] == none })
	}
	return r.sums.carryOut()
}

// drop forgets the slices that are over.
func (r *Revised) drop() error {
	n := 0
	for n < len(r.past) && r.over(r.past[n].last) {
		from, last := n, r.past[n].last
		for n < len(r.past) && r.past[n].last == last {
			n++
		}
		if err := r.dropSlices(r.past[from:n], last); err != nil {
			return err
		}
	}
	r.past = slices.Delete(r.past, 0, n)
	if n > 0 && r.away != nil && r.away.any {
		marks := r.marks()
		r.away.any = !marks.none()
	}
	return nil
}

// dropSlices forgets all slices with one last window.
func (r *Revised) dropSlices(list []*slice, last int64) error {
	if r.keeps {
		r.due.list = r.due.list[:0]
		for _, gone := range list {
			for id := gone.entries; id != none; id = r.cells.At(id).peer {
				if err := r.due.push(id); err != nil {
					return err
				}
			}
		}
		r.kept.Drop(last, r.due.list)
	}
	for _, gone := range list {
		for id := gone.entries; id != none; {
			peer := r.cells.At(id).peer
			if err := r.giveCell(id); err != nil {
				return err
			}
			id = peer
		}
		delete(r.index, [2]int64{gone.first, gone.last})
		r.list[gone.number] = nil
		r.spare = append(r.spare, gone.number)
	}
	return nil
}
