package window

import (
	"cmp"
	"math"
	"slices"

	"wire.example/wire/internal/foundation/fault"
	"wire.example/wire/internal/operator/op"
)

// OnFlush emits what has changed of sessions that say so.
func (s *Sessions) OnFlush(out *op.Output) (more bool, err error) {
	if !s.running && s.cfg.Emission != Periodically {
		s.takeStirred()
	}
	return s.run(out)
}

// Pauses reports that keys which may leave memory do so between two calls, too: many close at once.
func (s *Sessions) Pauses() bool { return s.Leaves() }

// takeStirred has the sessions emitted that have changed.
func (s *Sessions) takeStirred() {
	s.list, s.stirred = append(s.list, s.stirred...), s.stirred[:0]
}

// OnWatermark closes the sessions that end by now, and forgets those that are over.
func (s *Sessions) OnWatermark(micros int64, out *op.Output) (more bool, err error) {
	if s.cfg.ProcessingTime {
		return false, nil
	}
	return s.close(micros, out)
}

// OnTime closes sessions of processing time, and emits what waits for its interval.
func (s *Sessions) OnTime(micros int64, out *op.Output) (more bool, err error) {
	if !s.running && s.cfg.Emission == Periodically {
		if s.clock != math.MinInt64 && micros/s.cfg.Interval != s.clock/s.cfg.Interval {
			s.takeStirred()
		}
		s.clock = micros
	}
	if !s.cfg.ProcessingTime {
		return s.run(out)
	}
	return s.close(micros, out)
}

// OnEnd closes all sessions.
func (s *Sessions) OnEnd(out *op.Output) (more bool, err error) {
	if more, err = s.close(math.MaxInt64, out); err == nil && !more {
		s.release()
	}
	return more, err
}

// close emits the sessions that end by micros, and forgets those that are over: where keys may leave memory some at a time, since what is noted of those that close takes memory until it is stored.
func (s *Sessions) close(micros int64, out *op.Output) (more bool, err error) {
	if !s.running {
		s.mark = max(s.mark, micros)
		if s.mark == math.MaxInt64 {
			s.takeStirred()
		}
		s.closing = len(s.list)
		if err := s.takeDue(); err != nil {
			return false, op.OutOfMemory(s.cfg.Name, err)
		}
	}
	if more, err = s.run(out); more || err != nil {
		return more, err
	}
	if s.dues.any(s.mark) || s.wakes() {
		return true, nil
	}
	s.times.forgetOver()
	return false, nil
}

// takeDue has the sessions emitted that it is time to look at and that have closed, or the first of them.
func (s *Sessions) takeDue() error {
	most := s.closing + s.atOnce(math.MaxInt32)
	if fault.Weak("session/pieces") {
		most = math.MaxInt
	}
	for {
		t, ok := due{}, false
		if len(s.list) < most {
			t, ok = s.dues.pop(s.mark)
		}
		if !ok {
			slices.SortFunc(s.list[s.closing:], s.compare)
			return nil
		}
		id := t.id
		if id >= s.used {
			continue
		}
		at := s.sessions.At(id)
		if at.marks&live == 0 || at.due != t.micros {
			continue
		}
		if closes := s.closeTime(at.end); closes > s.mark {
			if err := s.schedule(id, closes); err != nil {
				return err
			}
			continue
		}
		at.due = math.MinInt64
		s.list = append(s.list, id)
	}
}

// compare orders sessions by their ends, those of one end by key group.
func (s *Sessions) compare(a, b uint32) int {
	x, y := s.sessions.At(a), s.sessions.At(b)
	if x.end != y.end || s.table == nil {
		return cmp.Compare(x.end, y.end)
	}
	return cmp.Or(cmp.Compare(s.table.GroupOf(x.key), s.table.GroupOf(y.key)), cmp.Compare(x.key, y.key))
}

// run goes on with the list, until something was emitted.
func (s *Sessions) run(out *op.Output) (more bool, err error) {
	s.running = true
	for s.next < len(s.list) {
		emitted, err := s.emit.piece(out)
		if err != nil {
			return false, op.OutOfMemory(s.cfg.Name, err)
		}
		if emitted {
			return true, nil
		}
	}
	if err := s.forget(); err != nil {
		return false, op.OutOfMemory(s.cfg.Name, err)
	}
	s.list, s.next, s.closing, s.running = s.list[:0], 0, 0, false
	if s.taken == s.shown.Len() && s.taken > 0 {
		s.shown.Free()
		s.taken = 0
	}
	return false, nil
}

// forget forgets the sessions of the list that are over, and has the others of those that have closed looked at when they are.
func (s *Sessions) forget() error {
	keys := s.batch.late[:0]
	for i, id := range s.list {
		at := s.sessions.At(id)
		switch {
		case i < s.closing || at.marks&live == 0:
		case s.over(at.end):
			if err := s.touch(at.key); err != nil {
				return err
			}
			place := s.newest.At(at.key)
			for *place != id {
				place = &s.sessions.At(*place).next
			}
			*place = at.next
			keys = append(keys, at.key)
			s.give(id)
		default:
			if err := s.schedule(id, s.dropTime(at.end)); err != nil {
				return err
			}
		}
	}
	s.batch.late = keys
	return s.tidy(keys)
}

// release gives the memory back that is left when nothing comes any more.
func (s *Sessions) release() {
	if s.table != nil {
		s.table.Free()
	}
	s.newest.Free()
	s.times.free()
	s.sessions.Free()
	s.dues.free()
	s.shown.Free()
	for _, c := range s.calls {
		c.state.Close()
		c.reset()
	}
	s.used, s.free, s.batch.spare, s.taken = 0, none, none, 0
	s.stirred = slices.Delete(s.stirred, 0, len(s.stirred))
}
