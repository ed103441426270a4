package window

import (
	"math"
	"slices"

	expr "wire.example/wire/internal/expr/aggregate"
	"wire.example/wire/internal/expr/builtin"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/sqlstate"
)

// OnWatermark answers the windows that end by now.
func (s *Sliced) OnWatermark(micros int64, out *op.Output) (more bool, err error) {
	if s.cfg.ProcessingTime {
		return false, nil
	}
	return s.fire(micros, out)
}

// OnTime answers the windows of processing time that end by now.
func (s *Sliced) OnTime(micros int64, out *op.Output) (more bool, err error) {
	if !s.cfg.ProcessingTime {
		return false, nil
	}
	return s.fire(micros, out)
}

// OnEnd answers all windows.
func (s *Sliced) OnEnd(out *op.Output) (more bool, err error) {
	if more, err = s.fire(math.MaxInt64, out); err == nil && !more {
		s.release()
	}
	return more, err
}

// release gives the memory back that is left when nothing comes any more.
func (s *Sliced) release() {
	if s.table != nil {
		s.table.Free()
	}
	s.runs.Free()
	s.entries.Free()
	for _, c := range s.calls {
		c.state.Close()
		c.state = c.config.Function.NewState(&c.spec)
		c.folder = c.state.(expr.Folder)
	}
	s.used, s.free, s.emit.temps = 0, none, nil
}

func (s *Sliced) fire(micros int64, out *op.Output) (more bool, err error) {
	s.mark = max(s.mark, micros)
	for {
		if !s.firing {
			end, ok := s.due()
			if !ok {
				return false, nil
			}
			s.firing, s.end, s.once = true, end, false
			s.cursor = keyed.Cursor{}
			if err := s.begin(end); err != nil {
				return false, op.OutOfMemory(s.cfg.Name, err)
			}
		}
		for s.next() {
			emitted, err := s.emit.answer(out)
			if err != nil {
				return false, op.OutOfMemory(s.cfg.Name, err)
			}
			if emitted {
				return true, nil
			}
		}
		if err := s.leave(s.end); err != nil {
			return false, op.OutOfMemory(s.cfg.Name, err)
		}
		s.firing, s.fired = false, s.end
	}
}

// due returns the end of the next window that has rows, if it is time to answer it.
func (s *Sliced) due() (end int64, ok bool) {
	end = math.MaxInt64
	if len(s.open) > 0 {
		end, ok = s.open[0].first, true
	}
	if len(s.rest) > 0 { // the window behind the last one has rows of theirs
		end, ok = min(end, s.shape.next(s.fired, s.rest[0].last)), true
	}
	return end, ok && add(max(end, 0), s.cfg.Lag)+min(end, 0) <= s.mark
}

// begin takes the slices in whose first window ends at end.
func (s *Sliced) begin(end int64) error {
	for len(s.open) > 0 && s.open[0].first == end {
		in := s.open[0]
		s.open = slices.Delete(s.open, 0, 1)
		i, _ := slices.BinarySearchFunc(s.rest, in, (*slice).compareLast)
		s.rest = slices.Insert(s.rest, i, in)
		e := &s.emit
		e.into, e.from = e.into[:0], e.from[:0]
		for id := in.entries; id != none; id = s.entries.At(id).peer {
			back, err := s.enter(id, in)
			if err != nil {
				return err
			}
			if back != none {
				e.into, e.from = append(e.into, back), append(e.from, id)
			}
		}
		if err := s.fold(e.into, e.from); err != nil {
			return err
		}
		if s.shape.Kind == Cumulate { // what was added is never taken away by itself
			for _, id := range e.from {
				s.give(id)
			}
			in.entries = none
		}
	}
	return nil
}

func (s *slice) compareLast(o *slice) int {
	switch {
	case s.last < o.last:
		return -1
	case s.last > o.last:
		return 1
	}
	return s.compare(o)
}

// enter moves an entry from the open ones of its key to those that windows are answered from, and returns the entry that it must be added to.
func (s *Sliced) enter(id uint32, in *slice) (back uint32, err error) {
	e := s.entries.At(id)
	r := s.runs.At(e.key)
	place := &r.open
	for *place != id {
		place = &s.entries.At(*place).next
	}
	*place = e.next
	if in.odd {
		e.next, r.odd = r.odd, id
		return none, nil
	}
	if s.shape.Kind != Cumulate {
		if e.next = none; r.count == 0 {
			r.oldest = id
		} else {
			s.entries.At(r.newest).next = id
		}
		r.newest = id
		r.count++
	}
	if r.back == none {
		if back, err = s.take(); err != nil {
			return none, err
		}
		*s.entries.At(back) = entry{next: none, peer: none, key: s.entries.At(id).key}
		r.back = back
	}
	return r.back, nil
}

// next finds the next keys that have rows in the window: false at the end.
func (s *Sliced) next() bool {
	e := &s.emit
	e.keys = e.keys[:0]
	if s.table == nil {
		if s.once {
			return false
		}
		s.once = true
		if e.has(s.runs.At(0)) {
			e.keys = append(e.keys, 0)
		}
		return true
	}
	for len(e.keys) == 0 {
		n := s.table.Scan(&s.cursor, e.scanned)
		if n == 0 {
			return false
		}
		for _, key := range e.scanned[:n] {
			if e.has(s.runs.At(key)) {
				e.keys = append(e.keys, key)
			}
		}
	}
	return true
}

// leave takes the slices out whose last window ended at end.
func (s *Sliced) leave(end int64) error {
	n := 0
	for ; n < len(s.rest) && s.rest[n].last <= end; n++ {
		gone := s.rest[n]
		delete(s.index, [2]int64{gone.first, gone.last})
		s.list[gone.number] = nil
		s.spare = append(s.spare, gone.number)
		for id := gone.entries; id != none; {
			peer, key := s.entries.At(id).peer, s.entries.At(id).key
			if err := s.evict(id, key, gone); err != nil {
				return err
			}
			if err := s.tidy(key); err != nil {
				return err
			}
			id = peer
		}
	}
	s.rest = slices.Delete(s.rest, 0, n)
	if s.shape.Kind == Cumulate && n > 0 {
		return s.beginAnew()
	}
	return nil
}

// evict takes an entry out of those that windows are answered from.
func (s *Sliced) evict(id, key uint32, gone *slice) error {
	r := s.runs.At(key)
	if gone.odd {
		place := &r.odd
		for *place != id {
			place = &s.entries.At(*place).next
		}
		*place = s.entries.At(id).next
		s.give(id)
		return nil
	}
	if r.front == 0 {
		if err := s.turn(r); err != nil {
			return err
		}
	}
	r.oldest = s.entries.At(id).next
	r.count--
	r.front--
	s.give(id)
	return nil
}

// turn makes the back of a key its front.
func (s *Sliced) turn(r *run) error {
	chain := s.emit.chain[:0]
	for id := r.oldest; id != none; id = s.entries.At(id).next {
		chain = append(chain, id)
	}
	s.emit.chain = chain
	for i := len(chain) - 2; i >= 0; i-- {
		if err := s.fold(chain[i:i+1], chain[i+1:i+2]); err != nil {
			return err
		}
	}
	r.front = r.count
	s.give(r.back)
	r.back = none
	return nil
}

// beginAnew forgets the sums of all keys: the span that cumulated has ended, and the next has nothing yet.
func (s *Sliced) beginAnew() error {
	forget := func(key uint32) error {
		r := s.runs.At(key)
		if r.back == none {
			return nil
		}
		s.give(r.back)
		r.back = none
		return s.tidy(key)
	}
	if s.table == nil {
		return forget(0)
	}
	for group := range op.KeyGroups {
		for key := range s.table.Slots(uint8(group)) { //nolint:gosec // below 256
			if err := forget(key); err != nil {
				return err
			}
		}
	}
	return nil
}

// slicedRows makes the rows of a window.
type slicedRows struct {
	sliced  *Sliced
	scanned []uint32
	keys    []uint32
	ids     []uint32
	// temps are entries of their own, for sums of a front and a back.
	temps      []uint32
	used       int
	into, from []uint32
	chain      []uint32
	out        batch.Batch
	errs       builtin.Errors
	failed     []*sqlstate.Error
	sel        []uint16
}

func (e *slicedRows) init(s *Sliced) {
	e.sliced = s
	e.scanned, e.keys = make([]uint32, batch.MaxRows), make([]uint32, 0, batch.MaxRows)
	e.sel = make([]uint16, 0, batch.MaxRows)
	for _, t := range s.cfg.Output() {
		e.out.Cols = append(e.out.Cols, batch.NewColumn(s.pool, t))
	}
}

// has reports whether a key has rows in the window that is being answered.
func (e *slicedRows) has(r *run) bool { return r.count > 0 || r.back != none || r.odd != none }

// answer makes the rows of keys, and emits those that have an answer.
func (e *slicedRows) answer(out *op.Output) (bool, error) {
	if len(e.keys) == 0 {
		return false, nil
	}
	if err := e.sum(); err != nil {
		return false, err
	}
	s := e.sliced
	n, k := len(e.keys), len(s.cfg.Keys)
	e.out.Len, e.out.Sel = n, nil
	if s.table != nil {
		s.table.GatherKeys(e.keys, e.out.Cols[:k])
	}
	fillColumn(e.out.Cols[k], n, s.shape.start(s.end, s.lastOf(s.end)))
	fillColumn(e.out.Cols[k+1], n, s.end)
	failed := false
	for i, c := range s.calls {
		e.errs.Reset()
		c.state.Result(e.ids, e.out.Cols[k+windowColumns+i], &e.errs)
		failed = e.note() || failed
	}
	for _, id := range e.temps[:e.used] {
		for _, c := range s.calls {
			c.state.Free(id)
		}
	}
	if failed {
		e.refuse(out)
	}
	if e.out.Rows() == 0 {
		return false, nil
	}
	out.Emit(0, &e.out)
	return true, nil
}

// lastOf is the end of the last window of the rows of a window: where that of Cumulate begins depends on it.
func (s *Sliced) lastOf(end int64) int64 {
	if s.shape.Kind == Cumulate {
		return s.shape.floor(end-1, s.shape.Size) + s.shape.Size
	}
	return end
}

// sum finds the entries with the sums of keys.
func (e *slicedRows) sum() error {
	s := e.sliced
	e.ids, e.used = e.ids[:0], 0
	e.into, e.from = e.into[:0], e.from[:0]
	for _, key := range e.keys {
		r := s.runs.At(key)
		if r.odd == none && (r.front == 0 || r.back == none) {
			if r.front == 0 {
				e.ids = append(e.ids, r.back)
			} else {
				e.ids = append(e.ids, r.oldest)
			}
			continue
		}
		front, back, odd := r.oldest, r.back, r.odd
		if r.front == 0 {
			front = none
		}
		temp, err := e.temp()
		if err != nil {
			return err
		}
		e.ids = append(e.ids, temp)
		for _, id := range [...]uint32{front, back} {
			if id != none {
				e.into, e.from = append(e.into, temp), append(e.from, id)
			}
		}
		for ; odd != none; odd = s.entries.At(odd).next {
			e.into, e.from = append(e.into, temp), append(e.from, odd)
		}
	}
	return s.fold(e.into, e.from)
}

// temp returns an empty entry for a sum.
func (e *slicedRows) temp() (uint32, error) {
	if e.used == len(e.temps) {
		id, err := e.sliced.take()
		if err != nil {
			return 0, err
		}
		e.temps = append(e.temps, id)
	}
	e.used++
	return e.temps[e.used-1], nil
}

// note takes the errors of a column, and reports whether there are any.
func (e *slicedRows) note() bool {
	if e.errs.Len() == 0 {
		return false
	}
	if len(e.failed) != e.out.Len {
		e.failed = make([]*sqlstate.Error, e.out.Len)
	}
	for i, row := range e.errs.Rows {
		if e.failed[row] == nil {
			e.failed[row] = e.errs.Errs[i]
		}
	}
	return true
}

// refuse leaves out the rows that have no answer.
func (e *slicedRows) refuse(out *op.Output) {
	e.sel = e.sel[:0]
	for row, bad := range e.failed {
		if bad == nil {
			e.sel = append(e.sel, uint16(row)) //nolint:gosec // a row number of a batch
			continue
		}
		out.Rejects = append(out.Rejects, op.Reject{Row: op.NoRow, Err: bad})
	}
	e.out.Sel, e.failed = e.sel, nil
}
