package window

import (
	"wire.example/wire/internal/expr/builtin"
	"wire.example/wire/internal/operator/aggregate"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/sqlstate"
)

// sessionOutput makes the rows of sessions, and takes back those that were made before.
type sessionOutput struct {
	sessions *Sessions
	// news are rows with answers, of ids; images rows that were emitted before; out is of both.
	news, images, out []*batch.Column
	ids, keys         []uint32
	starts, ends      []int64
	failed            []*sqlstate.Error
	errs              builtin.Errors
	// old are rows of shown; turns what is emitted: one of old, one of ids, or both as an update.
	old   []uint32
	turns []turn
	picks []uint16
	kinds []batch.Change
	rows  batch.Batch
	shown []uint32
}

// turn is a row that is taken back and one that comes, by their places among images and news; -1 is none.
type turn struct {
	old, fresh int
}

func (e *sessionOutput) init(s *Sessions) {
	e.sessions = s
	for _, t := range s.cfg.Output() {
		e.news = append(e.news, batch.NewColumn(s.pool, t))
		e.images = append(e.images, batch.NewColumn(s.pool, t))
		e.out = append(e.out, batch.NewColumn(s.pool, t))
	}
	e.kinds = make([]batch.Change, 0, batch.MaxRows) // nil would mean inserts
}

// begin forgets ids.
func (e *sessionOutput) begin() {
	e.ids, e.keys, e.starts, e.ends = e.ids[:0], e.keys[:0], e.starts[:0], e.ends[:0]
}

func (e *sessionOutput) add(id uint32, start, end int64) {
	e.ids, e.keys = append(e.ids, id), append(e.keys, e.sessions.sessions.At(id).key)
	e.starts, e.ends = append(e.starts, start), append(e.ends, end)
}

// answer makes news the rows of ids.
func (e *sessionOutput) answer() {
	s := e.sessions
	n, k := len(e.ids), len(s.cfg.Keys)
	if s.table != nil {
		s.table.GatherKeys(e.keys, e.news[:k])
	}
	for i, values := range [windowColumns][]int64{e.starts, e.ends} {
		e.news[k+i].Reset(n)
		copy(e.news[k+i].Int64s(), values)
	}
	e.failed = append(e.failed[:0], make([]*sqlstate.Error, n)...)
	for i, c := range s.calls {
		e.errs.Reset()
		c.state.Result(e.ids, e.news[k+windowColumns+i], &e.errs)
		for at, row := range e.errs.Rows {
			if e.failed[row] == nil {
				e.failed[row] = e.errs.Errs[at]
			}
		}
		if s.cfg.Since != nil {
			e.hide(i, e.news[k+windowColumns+i])
		}
	}
}

// hide makes a call NULL for sessions that began before it was there.
func (e *sessionOutput) hide(call int, answers *batch.Column) {
	for row, start := range e.starts {
		if e.sessions.cfg.hides(call, start) {
			answers.SetNull(row)
		}
	}
}

// keep keeps the rows that were emitted of sessions.
func (e *sessionOutput) keep(list []toldBefore) error {
	s := e.sessions
	for len(list) > 0 {
		n := min(len(list), batch.MaxRows)
		e.begin()
		for _, t := range list[:n] {
			e.add(t.id, t.start, t.end)
		}
		e.answer()
		e.shown = append(e.shown[:0], make([]uint32, n)...)
		if err := s.shown.Append(e.news, nil, nil, e.shown); err != nil {
			return err
		}
		for i, t := range list[:n] {
			at := s.sessions.At(t.id)
			*s.shown.Link(e.shown[i], 0) = at.shown
			at.shown = e.shown[i]
			at.marks &^= told
		}
		list = list[n:]
	}
	return nil
}

// piece emits the next sessions of the list, and reports whether there was anything to emit.
func (e *sessionOutput) piece(out *op.Output) (bool, error) {
	s := e.sessions
	e.begin()
	e.old, e.turns = e.old[:0], e.turns[:0]
	for room := s.atOnce(batch.MaxRows); s.next < len(s.list) && room > 1; s.next++ {
		id := s.list[s.next]
		at := s.sessions.At(id)
		if at.marks&live == 0 || at.marks&joined != 0 {
			continue
		}
		if err := s.touch(at.key); err != nil {
			return false, err
		}
		old := -1
		for ; at.shown != keyed.NoRow && room > 1; room-- {
			if old >= 0 {
				e.turns = append(e.turns, turn{old, -1})
			}
			old = len(e.old)
			e.old = append(e.old, at.shown)
			at.shown = *s.shown.Link(at.shown, 0)
		}
		shows := s.cfg.Emission != OnClose || s.closes(at.end)
		switch {
		case at.shown != keyed.NoRow: // there is more to take back than room
			e.turns = append(e.turns, turn{old, -1})
			return e.build(out)
		case at.marks&told == 0 && shows && at.marks&(failing|stirred) != failing:
			e.turns = append(e.turns, turn{old, len(e.ids)})
			e.add(id, at.start, at.end)
			at.marks |= told
			room--
		case old >= 0:
			e.turns = append(e.turns, turn{old, -1})
			if err := s.schedule(id, s.closeTime(at.end)); err != nil {
				return false, err
			}
		}
		at.marks &^= stirred
	}
	return e.build(out)
}

// build makes the batch of turns, and emits it.
func (e *sessionOutput) build(out *op.Output) (bool, error) {
	s := e.sessions
	if len(e.turns) == 0 {
		return false, nil
	}
	e.answer()
	s.taken += len(e.old)
	if len(e.old) > 0 {
		s.shown.Gather(e.old, e.images)
	}
	e.picks, e.kinds = e.picks[:0], e.kinds[:0]
	for _, t := range e.turns {
		if t.fresh >= 0 {
			t.fresh = e.given(t.fresh, out)
		}
		e.take(t)
	}
	n := len(e.picks)
	if n == 0 {
		return false, nil
	}
	e.rows = batch.Batch{Cols: e.news, Len: n, Kinds: e.kinds}
	if len(e.old) > 0 || n < len(e.ids) {
		for i, c := range e.out {
			if len(e.old) == 0 {
				e.images[i].Reset(0)
			}
			aggregate.GatherTwo(c, e.images[i], e.news[i], e.picks)
		}
		e.rows.Cols = e.out
	}
	if !s.cfg.changes() {
		e.rows.Kinds = nil
	}
	out.Emit(0, &e.rows)
	return true, nil
}

// given returns -1 for an answer that cannot be given, which it says once.
func (e *sessionOutput) given(fresh int, out *op.Output) int {
	at := e.sessions.sessions.At(e.ids[fresh])
	was := at.marks&failing != 0
	if at.marks &^= failing; e.failed[fresh] == nil {
		return fresh
	}
	if at.marks = at.marks&^told | failing; !was {
		out.Rejects = append(out.Rejects, op.Reject{Row: op.NoRow, Err: e.failed[fresh]})
	}
	return -1
}

// take notes the rows of a turn.
func (e *sessionOutput) take(t turn) {
	base := len(e.old)
	put := func(row int, kind batch.Change) {
		e.picks = append(e.picks, uint16(row)) //nolint:gosec // below batch.MaxRows
		e.kinds = append(e.kinds, kind)
	}
	switch {
	case t.old < 0 && t.fresh >= 0:
		put(base+t.fresh, batch.Insert)
	case t.old >= 0 && t.fresh < 0:
		put(t.old, batch.Delete)
	case t.old >= 0 && !e.same(t):
		put(t.old, batch.UpdateBefore)
		put(base+t.fresh, batch.UpdateAfter)
	}
}

// same reports whether an update changes nothing.
func (e *sessionOutput) same(t turn) bool {
	for i, c := range e.news {
		if !aggregate.Same(e.images[i], t.old, c, t.fresh) {
			return false
		}
	}
	return true
}
