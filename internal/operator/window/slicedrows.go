package window

import (
	"wire.example/wire/internal/expr/builtin"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/sqlstate"
)

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
	start := s.shape.start(s.end, s.shape.lastOf(s.end))
	fillColumn(e.out.Cols[k], n, start)
	fillColumn(e.out.Cols[k+1], n, s.end)
	failed := false
	for i, c := range s.calls {
		if s.cfg.hides(i, start) {
			e.out.Cols[k+windowColumns+i].Reset(n)
			e.out.Cols[k+windowColumns+i].SetAllNull()
			continue
		}
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
