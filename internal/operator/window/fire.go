package window

import (
	"math"
	"slices"

	expr "wire.example/wire/internal/expr/aggregate"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
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
	s.cells.Free()
	s.vacate()
}

// vacate gives the memory of all entries and keys back. There are none.
func (s *Sliced) vacate() {
	if s.table != nil {
		s.table.Free()
	}
	s.runs.Free()
	s.entries.Free()
	s.ages.Free()
	for _, c := range s.calls {
		c.state.Close()
		c.reset()
	}
	s.used, s.free, s.idle, s.emit.temps = 0, none, 0, nil
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
			if s.turnsPages() {
				s.beginPages(end)
			} else if err := s.begin(end); err != nil {
				return false, op.OutOfMemory(s.cfg.Name, err)
			}
		}
		if s.away != nil && s.away.page.turning {
			if more, err = s.firePages(out); more || err != nil {
				return more, op.OutOfMemory(s.cfg.Name, err)
			}
			s.firing, s.fired = false, s.end
			continue
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
		if s.alone { // of a key that has several: what they become is not stored
			s.cells.Leave(e.into)
		}
		if err := s.fold(e.into, e.from); err != nil {
			return err
		}
		if s.shape.Kind == Cumulate { // what was added is never taken away by itself
			if s.keeps {
				s.freezeSlice(in)
			}
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
	return s.join(id, r, in)
}

// join adds an entry that is in no chain to those that windows are answered from, and returns the entry that it must be added to.
func (s *Sliced) join(id uint32, r *run, in *slice) (back uint32, err error) {
	e := s.entries.At(id)
	switch {
	case s.alone && r.back == none:
		r.back = id
		return none, nil
	case s.alone: // more of what the key's rows of the slice add up to
		return r.back, nil
	case in.odd:
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
		if s.summed[id] {
			r.front++
			return none, nil
		}
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
	if s.keeps {
		s.dropStored(end)
	}
	n := 0
	for ; n < len(s.rest) && s.rest[n].last <= end; n++ {
		gone := s.rest[n]
		delete(s.index, [2]int64{gone.first, gone.last})
		s.list[gone.number] = nil
		s.spare = append(s.spare, gone.number)
		if err := s.dissolve(gone); err != nil {
			return err
		}
	}
	s.rest = slices.Delete(s.rest, 0, n)
	if s.shape.Kind == Cumulate && n > 0 {
		return s.beginAnew()
	}
	return nil
}

// dissolve takes the entries of a slice out.
func (s *Sliced) dissolve(gone *slice) error {
	if s.subtracts && !s.alone && !gone.odd {
		return s.subtract(gone)
	}
	for id := gone.entries; id != none; {
		peer, key := s.entries.At(id).peer, s.entries.At(id).key
		if s.alone {
			known := s.runs.At(key).back == none // it has had another entry of the slice
			s.runs.At(key).back = none
			if s.give(id); known {
				id = peer
				continue
			}
		} else if err := s.evict(id, key, gone); err != nil {
			return err
		}
		if err := s.tidy(key); err != nil {
			return err
		}
		id = peer
	}
	return nil
}

// subtract takes a slice out of the sums of its keys.
func (s *Sliced) subtract(gone *slice) error {
	e := &s.emit
	e.into, e.from = e.into[:0], e.from[:0]
	for id := gone.entries; id != none; id = s.entries.At(id).peer {
		at := s.entries.At(id)
		r := s.runs.At(at.key)
		r.oldest = at.next
		r.count--
		e.into, e.from = append(e.into, r.back), append(e.from, id)
	}
	for _, c := range s.calls {
		if err := c.state.(expr.Unfolder).Unfold(e.into, e.from); err != nil {
			return err
		}
	}
	for _, id := range e.from {
		key := s.entries.At(id).key
		s.give(id)
		if r := s.runs.At(key); r.count == 0 && r.back != none {
			s.give(r.back)
			r.back = none
			if err := s.tidy(key); err != nil {
				return err
			}
		}
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
	s.cells.Freeze(chain[:len(chain)-1])
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
