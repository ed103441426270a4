package timejoin

import (
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
)

// Window is the join of rows of the same window.
//
// The rows of both inputs are kept as they come, a slice for each window's end, or for many that lie together. When the watermark closes a window, rows
// that were taken back are folded away, the side with fewer rows is hashed, the other one looked up in it, and the slice is dropped. Everything that comes out
// is an insert.
type Window struct {
	cfg     WindowConfig
	stores  [2]*store
	horizon int64 // windows that end here or before are closed
	over    bool  // and so are all others
	ended   [2]bool
	close   closing
	pieces  pieces
	rounds  rounds
	out     *sheet
	list    rowList
	pass    []uint16
	kinds   []batch.Change
}

// NewWindow returns a window join. It does not keep c.
func NewWindow(c *WindowConfig) (*Window, error) {
	if err := c.validate(); err != nil {
		return nil, err
	}
	w := &Window{cfg: *c, horizon: past, pass: make([]uint16, 0, batch.MaxRows)}
	cfg := &w.cfg
	w.out = newOutput(&cfg.Config)
	for input := range w.stores {
		w.stores[input] = newStore(&cfg.Config, cfg.title(sortWindow), input, cfg.end(input))
	}
	w.close = newClosing(&cfg.Config, w.stores, w.out)
	w.rounds.cfg = &cfg.Config
	w.pieces = pieces{w: w, known: keyed.NewSlab[uint8](cfg.Budget)}
	for input, s := range w.stores {
		s.ranged = true
		w.pieces.sides[input] = newPieceSide(s)
	}
	return w, nil
}

// Apply is for operators of one input.
func (w *Window) Apply(*batch.Batch, *op.Output) (bool, error) {
	return false, errOneInput(w.cfg.title(sortWindow))
}

// ApplyInput stores rows.
func (w *Window) ApplyInput(input int, in *batch.Batch, out *op.Output) (more bool, err error) {
	switch {
	case w.ended[input]:
		return false, errEnded(w.cfg.title(sortWindow), input)
	case in.Rows() == 0:
		return false, nil
	}
	s, preserved := w.stores[input], w.cfg.preserves(input)
	ends := in.Cols[w.cfg.end(input)]
	micros := ends.Int64s()
	width := w.cfg.width()
	hashes := s.keys.hash(in)
	nullable := s.keys.nullable(in)
	if !nullable && in.Kinds == nil && !w.over {
		if from, to := extent(in, w.cfg.end(input)); from > w.horizon && floorDiv(from, width) == floorDiv(to, width) {
			out.Counts.In += int64(in.Rows())
			out.Counts.Absorbed += int64(in.Rows())
			return false, s.add(floorDiv(from, width), in, hashes, nil)
		}
	}
	w.list.reset()
	w.pass = w.pass[:0]
	var late, filtered, forwarded int64
	for i := range in.Rows() {
		row := in.Row(i)
		switch {
		case nullable && s.keys.anyNull(in, row) && (!preserved || ends.IsNull(row)):
			if !preserved {
				filtered++
				continue
			}
			forwarded++
			w.pass = append(w.pass, uint16(row)) //nolint:gosec // a row number of a batch
		case micros[row] <= w.horizon || w.over:
			late++
		default:
			mark := open
			if len(in.Kinds) > 0 && !op.Adds(in.Kinds[row]) {
				mark = taken
			}
			w.list.add(uint16(row), hashes[i], mark, floorDiv(micros[row], width)) //nolint:gosec // a row number of a batch
		}
	}
	rows := int64(in.Rows())
	out.Counts.In += rows
	out.Counts.Late += late
	out.Counts.Filtered += filtered
	out.Counts.Forwarded += forwarded
	out.Counts.Absorbed += rows - late - filtered - forwarded
	if len(w.pass) > 0 {
		w.emitPassed(input, in, out)
	}
	return false, s.addAll(in, &w.list)
}

// emitPassed emits rows of a batch that are in no window, beside NULLs where there are columns of the other input.
func (w *Window) emitPassed(input int, in *batch.Batch, out *op.Output) {
	w.out.begin(in.Len, w.pass)
	if w.cfg.pairs() {
		w.out.nulls(1 - input)
	}
	w.out.share(input, in)
	b := &w.out.b
	if b.Kinds = in.Kinds; in.Kinds != nil {
		w.kinds = append(w.kinds[:0], in.Kinds...)
		b.Kinds = op.Pair(b, w.kinds)
	}
	out.Emit(0, b)
}

// OnInputEnd does nothing: windows are closed by the watermark of both inputs, and at the end.
func (w *Window) OnInputEnd(input int, _ *op.Output) (more bool, err error) {
	w.ended[input] = true
	return false, nil
}

// OnWatermark closes windows.
func (w *Window) OnWatermark(micros int64, out *op.Output) (more bool, err error) {
	w.horizon = max(w.horizon, add(micros, -w.cfg.Lag))
	return w.closeWindows(out)
}

// OnEnd closes all windows.
func (w *Window) OnEnd(out *op.Output) (more bool, err error) {
	w.over = true
	if more, err = w.closeWindows(out); !more {
		w.close.free()
	}
	return more, err
}

// closeWindows joins the windows before the horizon, slice by slice, and reports whether it is to be called again.
func (w *Window) closeWindows(out *op.Output) (more bool, err error) {
	for {
		switch {
		case w.pieces.active:
			more, err := w.joinPieces(out)
			if more || err != nil {
				return more, err
			}
		case w.close.active:
			more, err := w.close.step(out)
			if more || err != nil {
				return more, err
			}
			if more, err := w.goRound(); more || err != nil {
				return more, err
			}
			if err := w.drop(); err != nil {
				return false, err
			}
		}
		number, ok, err := w.next()
		if !ok || err != nil {
			return false, err
		}
		if w.isAway(number) {
			w.beginPieces(number)
			return true, nil
		}
		if err := w.begin(number); err != nil {
			return false, err
		}
	}
}

// next returns the number of the first slice that has a window to close, or no window that is open.
func (w *Window) next() (number int64, ok bool, err error) {
	for _, s := range w.stores {
		if len(s.slices) == 0 {
			continue
		}
		p := s.slices[0]
		due := w.past(p) || !p.partly && p.min <= w.horizon
		if p.partly {
			if err := w.advance(s, p); err != nil {
				return 0, false, err
			}
			if due = due || p.due.any(); !due {
				if err := w.awake(s, p); err != nil {
					return 0, false, err
				}
				due = p.sleeping.due.any()
			}
		}
		if due && (!ok || p.number < number) {
			number, ok = p.number, true
		}
	}
	return number, ok, nil
}

// advance makes the rows of a slice ready whose windows are closed.
func (w *Window) advance(s *store, p *slice) error {
	if w.over {
		return op.OutOfMemory(s.name, p.due.flush())
	}
	return op.OutOfMemory(s.name, p.due.advance(add(w.horizon, 1)))
}

// past reports whether no window of a slice is open.
func (w *Window) past(p *slice) bool { return w.over || p.number < floorDiv(w.horizon, w.cfg.width()) }

// begin begins to join the windows of a slice that are closed.
func (w *Window) begin(number int64) error {
	for input, s := range w.stores {
		if err := w.take(input, s.front(number)); err != nil {
			return op.OutOfMemory(s.name, err)
		}
	}
	if err := w.touch(); err != nil {
		return err
	}
	w.rounds.begin(&w.close.sides)
	return w.close.begin()
}

// goRound begins to join the rows of the next round, and answers false if there are none left.
func (w *Window) goRound() (more bool, err error) {
	if !w.rounds.next(&w.close.sides) {
		w.rounds.end(&w.close.sides)
		return false, nil
	}
	w.close.forget()
	return true, w.close.begin()
}

// touch notes that the marks of the rows change that are joined, of the slices that stay or where rows are marked that have a match.
func (w *Window) touch() error {
	for input := range w.stores {
		c := &w.close.sides[input]
		if c.slice == nil || w.cfg.Kind == Inner && !c.slice.partly {
			continue
		}
		if err := c.slice.rows.Touch(c.ids); err != nil {
			return err
		}
	}
	return nil
}

// take gives the rows of a slice whose windows are closed to the join.
func (w *Window) take(input int, p *slice) error {
	c := &w.close.sides[input]
	c.slice, c.ids, c.lent = p, nil, false
	if p == nil {
		return nil
	}
	p.joining = true
	switch {
	case !p.partly && (w.over || p.max <= w.horizon):
		c.ids, c.lent = p.late.ids, true
		return nil
	case !p.partly:
		if err := w.stores[input].part(p); err != nil {
			return err
		}
		if err := w.advance(w.stores[input], p); err != nil {
			return err
		}
	}
	for p.due.any() {
		for _, id := range p.due.take(batch.MaxRows) {
			if err := c.append(id); err != nil {
				return err
			}
		}
	}
	return nil
}

// part puts the rows of a slice in the order of their windows' ends.
func (s *store) part(p *slice) error {
	p.partly = true
	for ids := p.late.ids; len(ids) > 0; {
		n := min(len(ids), batch.MaxRows)
		p.rows.Gather(ids[:n], s.own)
		for i, end := range s.own[s.time].Int64s() {
			if *p.rows.Mark(ids[i])&settled != 0 {
				continue
			}
			if err := p.due.push(end, ids[i]); err != nil {
				return err
			}
		}
		ids = ids[n:]
	}
	p.late.free()
	return nil
}

// drop drops the slices that were joined, or notes which of their rows are done with.
func (w *Window) drop() error {
	for input, s := range w.stores {
		c := &w.close.sides[input]
		p := c.slice
		switch {
		case p == nil:
		case !p.partly || p.due.empty() && w.past(p):
			s.drop(0)
		default:
			p.joining = false
			if err := p.rows.Touch(c.ids); err != nil { // the store may have been given what changed since they were joined
				return err
			}
			for _, id := range c.ids {
				*p.rows.Mark(id) |= settled
			}
		}
		c.slice = nil
	}
	w.close.end()
	return nil
}
