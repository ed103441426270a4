package window

import (
	"cmp"
	"math"
	"slices"

	"wire.example/wire/internal/operator/op"
)

// revision is telling of rows that windows show which were answered before, key by key.
type revision struct {
	running bool
	// of is the level of the rows; windows are looked at that end after lo, and up to hi.
	of     level
	lo, hi int64
	// keys are those that have such rows, from next on.
	keys cellList
	next int
	// done is the end of the last window of the next key that was looked at; begun says that there was one.
	done  int64
	begun bool

	// Of one key: chain are the cells of whole slices, the oldest first, with the windows of each, odd those of rows that were late for some windows of their slice.
	chain, odd    []uint32
	firsts, lasts []int64
	affected      []affected
	old, new      slide
	settled       []uint32
}

// affected are windows of a cell that show something else now: those that end from first to last, as all of the slice do up to end.
type affected struct {
	first, last, end int64
}

// Showing is how a Revised tells of windows.
type Showing uint8

const (
	// AsNow is as the configuration says.
	AsNow Showing = iota
	// AtClose is when they close, and corrected behind that.
	AtClose
	// Early is before they close, too.
	Early
)

// settleFormer makes the levels of a restored cell those of the emission of now.
func (r *Revised) settleFormer(id uint32, at *slice) error {
	c := r.cells.At(id)
	heard := at.last <= r.fired && r.isAware(r.groupOf(c.key))
	switch {
	case r.cfg.Former == AtClose && r.cfg.Emission != OnClose:
		if c.sums[known] != none && !heard { // windows that had not closed did not show it
			return r.swap(id)
		}
	case r.cfg.Former == Early && r.cfg.Emission == OnClose:
		return r.settleEarly(id, at)
	}
	return nil
}

// settleEarly does that where windows were shown early that are to come out when they close: what those show that have not closed waits to be taken back, and what they do not show is known.
func (r *Revised) settleEarly(id uint32, at *slice) error {
	c := r.cells.At(id)
	if at.first <= r.fired && !r.isAware(r.groupOf(c.key)) && c.sums[waiting] != none {
		if err := r.shift(id, waiting, fresh, false); err != nil {
			return err
		}
	}
	switch {
	case at.last > r.fired:
		return r.swap(id)
	case c.sums[waiting] != none:
		return r.shift(id, waiting, known, false)
	}
	return nil
}

// swap makes what is known of a cell wait, and what waits known.
func (r *Revised) swap(id uint32) error {
	own := [1]uint32{id}
	if err := r.kept.Touch(own[:]); err != nil {
		return err
	}
	c := r.cells.At(id)
	c.sums[known], c.sums[waiting] = c.sums[waiting], c.sums[known]
	return nil
}

// takesBack reports whether something waits to be taken back.
func (r *Revised) takesBack() bool { return r.cfg.Emission == OnClose && len(r.waiting.list) > 0 }

// OnFlush tells of rows that windows show now.
func (r *Revised) OnFlush(out *op.Output) (more bool, err error) {
	// With intervals nothing is heard of before the interval is over, but how far windows of a group had closed.
	if r.cfg.Emission != Periodically || r.away != nil && !r.away.unaware.none() {
		if more, err := r.hear(out); more || err != nil {
			return more, err
		}
	}
	return r.flush(out)
}

// flush tells of fresh rows: all windows with OnUpdate, else those that have closed.
func (r *Revised) flush(out *op.Output) (more bool, err error) {
	if err := r.settleRestored(); err != nil {
		return false, op.OutOfMemory(r.cfg.Name, err)
	}
	for r.revise.running || r.hasFresh() {
		if !r.revise.running {
			if err := r.beginFlush(); err != nil {
				return false, op.OutOfMemory(r.cfg.Name, err)
			}
		}
		if more, err = r.goOn(out); more || err != nil {
			return more, err
		}
	}
	return false, nil
}

// hasFresh reports whether a flush has something to tell. What waits does not wait any more where the operator was restored from one with intervals and has none.
func (r *Revised) hasFresh() bool {
	return len(r.fresh.list) > 0 || len(r.waiting.list) > 0 && (r.cfg.Emission != Periodically || r.hurried)
}

func (r *Revised) beginFlush() error {
	switch {
	case r.takesBack():
		r.rows.back = true
		return r.begin(waiting, &r.waiting, r.fired, math.MaxInt64)
	case r.cfg.Emission == Periodically && len(r.fresh.list) == 0:
		r.hurried = false
		return r.begin(waiting, &r.waiting, r.fired, math.MaxInt64)
	case r.cfg.Emission != OnUpdate:
		return r.begin(fresh, &r.fresh, math.MinInt64, r.fired)
	case len(r.waiting.list) > 0:
		return r.begin(waiting, &r.waiting, r.fired, math.MaxInt64)
	default:
		return r.begin(fresh, &r.fresh, math.MinInt64, math.MaxInt64)
	}
}

// OnTime closes windows of processing time, and tells of what waits for its interval.
func (r *Revised) OnTime(micros int64, out *op.Output) (more bool, err error) {
	if r.cfg.ProcessingTime {
		if more, err := r.close(micros, out); more || err != nil {
			return more, err
		}
	}
	if r.cfg.Emission != Periodically {
		return false, nil
	}
	if r.ticking == noTick {
		over := r.clock != math.MinInt64 && micros/r.cfg.Interval != r.clock/r.cfg.Interval
		r.clock = micros
		if !over {
			return false, nil
		}
		r.ticking = tickHears
	}
	if r.ticking == tickHears {
		if more, err := r.hear(out); more || err != nil {
			return more, err
		}
		if err := r.settleRestored(); err != nil {
			return false, op.OutOfMemory(r.cfg.Name, err)
		}
		if err := r.begin(waiting, &r.waiting, r.fired, math.MaxInt64); err != nil {
			return false, op.OutOfMemory(r.cfg.Name, err)
		}
		r.ticking = tickTells
	}
	if more, err = r.goOn(out); !more {
		r.ticking = noTick
	}
	return more, err
}

// begin begins to tell of the rows of a level in cells, whose list becomes empty.
func (r *Revised) begin(of level, cells *cellList, lo, hi int64) error {
	v := &r.revise
	v.of, v.lo, v.hi = of, lo, hi
	v.next, v.begun = 0, false
	v.keys.list = v.keys.list[:0]
	for _, id := range cells.list {
		c := r.cells.At(id)
		k := r.rings.At(c.key)
		if k.from == noRevision {
			if err := v.keys.push(c.key); err != nil {
				return err
			}
		}
		k.from = min(k.from, r.list[c.slice].first)
	}
	cells.list = cells.list[:0]
	v.running = true
	return nil
}

// goOn emits the next changes of a revision, and answers more if there were some.
func (r *Revised) goOn(out *op.Output) (more bool, err error) {
	v := &r.revise
	for v.next < len(v.keys.list) {
		emitted, err := r.piece(out)
		if err != nil {
			return false, op.OutOfMemory(r.cfg.Name, err)
		}
		if emitted {
			return true, nil
		}
	}
	v.running, r.rows.back = false, false
	return false, nil
}

// piece tells of as many windows as a batch has room for.
func (r *Revised) piece(out *op.Output) (emitted bool, err error) {
	v := &r.revise
	r.rows.reset()
	v.settled = v.settled[:0]
	for v.next < len(v.keys.list) && !r.rows.full() {
		key := v.keys.list[v.next]
		through, err := r.lookAt(key)
		if err != nil {
			return false, err
		}
		if !through {
			break
		}
		v.settled = append(v.settled, key)
		v.next++
		v.begun = false
	}
	if emitted, err = r.rows.emit(out); err != nil {
		return false, err
	}
	for _, key := range v.settled {
		if err := r.settle(key); err != nil {
			return false, err
		}
	}
	return emitted, r.sums.carryOut()
}

// lookAt has rows made of the windows of a key that show something else now, and reports whether that were all.
func (r *Revised) lookAt(key uint32) (through bool, err error) {
	v := &r.revise
	from := r.rings.At(key).from
	if v.begun {
		from = max(from, v.done+1)
	} else {
		v.done = max(v.lo, from-1)
	}
	r.gather(key, from)
	v.old.reset([]level{known})
	if v.of == fresh && r.cfg.Emission == Periodically {
		v.old.reset([]level{known, waiting})
	}
	v.new.reset([]level{v.of})
	i, j := 0, 0
	for _, a := range v.affected {
		end, _ := r.shape.after(v.done, a.first, a.end)
		for ; end <= a.last; end = r.shape.next(end, a.end) {
			if r.rows.full() {
				v.begun = true
				return false, nil
			}
			for i < len(v.chain) && v.lasts[i] < end {
				i++
			}
			j = max(i, j)
			for j < len(v.chain) && v.firsts[j] <= end {
				j++
			}
			if err := r.show(key, end, i, j); err != nil {
				return false, err
			}
			v.done = end
		}
	}
	return true, nil
}

// gather finds the cells of a key that are in windows which end at from or later, and the windows of those that have rows to tell of, in their order.
func (r *Revised) gather(key uint32, from int64) {
	v := &r.revise
	v.chain, v.odd, v.firsts, v.lasts, v.affected = v.chain[:0], v.odd[:0], v.firsts[:0], v.lasts[:0], v.affected[:0]
	for id := r.rings.At(key).newest; id != none; id = r.cells.At(id).older {
		c := r.cells.At(id)
		at := r.list[c.slice]
		if at.last < from {
			break
		}
		if at.odd {
			v.odd = append(v.odd, id)
		} else if at.first <= v.hi {
			v.chain, v.firsts, v.lasts = append(v.chain, id), append(v.firsts, at.first), append(v.lasts, at.last)
		}
		if c.sums[v.of] != none && at.first <= v.hi {
			v.affected = append(v.affected, affected{first: at.first, last: min(at.last, v.hi), end: at.last})
		}
	}
	slices.Reverse(v.chain)
	slices.Reverse(v.firsts)
	slices.Reverse(v.lasts)
	slices.Reverse(v.affected)
	if len(v.odd) > 0 {
		slices.SortFunc(v.affected, func(a, b affected) int { return cmp.Compare(a.first, b.first) })
	}
}

// show has a row made of the window that ends at end, which the cells of the chain from i up to, not including, j are in.
func (r *Revised) show(key uint32, end int64, i, j int) error {
	v := &r.revise
	if r.rows.back {
		return r.showBack(key, end, i, j)
	}
	front, back, err := v.old.window(r, i, j)
	if err != nil {
		return err
	}
	s := &r.rows.sum
	s.begin(front, back)
	r.addOdd(end, v.old.levels)
	if err := r.rows.shown(); err != nil {
		return err
	}
	if front, back, err = v.new.window(r, i, j); err != nil {
		return err
	}
	s.more(front, back)
	r.addOdd(end, v.new.levels)
	return r.rows.add(key, end)
}

// showBack has the row taken back that a window showed.
func (r *Revised) showBack(key uint32, end int64, i, j int) error {
	front, back, err := r.revise.new.window(r, i, j)
	if err != nil {
		return err
	}
	r.rows.sum.begin(front, back)
	r.addOdd(end, r.revise.new.levels)
	if err := r.rows.shown(); err != nil {
		return err
	}
	return r.rows.add(key, end)
}

// addOdd adds the odd cells of a window to the sum that is being made.
func (r *Revised) addOdd(end int64, levels []level) {
	for _, id := range r.revise.odd {
		c := r.cells.At(id)
		if at := r.list[c.slice]; at.first > end || at.last < end {
			continue
		}
		for _, l := range levels {
			r.rows.sum.part(c.sums[l])
		}
	}
}

// settle has the rows of a key that were told of count as known.
func (r *Revised) settle(key uint32) error {
	v := &r.revise
	k := r.rings.At(key)
	for id := k.newest; id != none; id = r.cells.At(id).older {
		c := r.cells.At(id)
		at := r.list[c.slice]
		if at.last < k.from {
			break
		}
		if c.sums[v.of] == none {
			continue
		}
		to := known
		if v.of == fresh && r.cfg.Emission == Periodically && at.last > r.fired {
			to = waiting
		}
		if err := r.shift(id, v.of, to, r.running() && at.first <= r.fired && at.last > r.fired); err != nil {
			return err
		}
	}
	k.from = noRevision
	return nil
}

// shift adds what a cell has of one level to another; inside says that it counts in the windows that close next once it is known.
func (r *Revised) shift(id uint32, of, to level, inside bool) error {
	own := [1]uint32{id}
	if err := r.kept.Touch(own[:]); err != nil {
		return err
	}
	c := r.cells.At(id)
	n := c.sums[of]
	c.sums[of] = none
	was := c.sums[to]
	if was == none {
		c.sums[to] = n
		if to == known && inside {
			return r.enter(id)
		}
		return r.enlist(id, to)
	}
	r.sums.add(was, n)
	r.sums.giveLater(n)
	if to == known && inside {
		return r.patch(id, n)
	}
	return nil
}
