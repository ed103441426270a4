package timejoin

import (
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
)

// Rows of a Window join leave memory by slices, all that are there of one: nothing looks for them before their window is closed. So it is not noted which have left, only that some have. When
// windows of such a slice are closed, all of it goes to the store, and comes back in the order of hashes, as much at a time as there is memory for (pieces.go).

// Leaves reports whether rows may leave memory.
func (w *Window) Leaves() bool { return true }

// Settles reports whether everything must be in the store before the next call.
func (w *Window) Settles() bool { return w.pieces.settle }

// leave has the rows of a slice leave memory, which the store has as they are.
func (s *store) leave(p *slice) error {
	if p.rows.Len() == 0 {
		return nil
	}
	p.late.free()
	if err := s.doze(p); err != nil {
		return err
	}
	p.rows.Leave()
	return nil
}

// passWhole leaves rows of a slice in the store, and with them those that were put in before.
func (s *store) passWhole(p *slice, e *keyed.Entries) error {
	if err := s.leave(p); err != nil {
		return err
	}
	err := p.rows.DecodeEach(e, func(cols []*batch.Column, n int) error {
		first, last := extent(&batch.Batch{Cols: cols, Len: n}, s.time)
		p.min, p.max = min(p.min, first), max(p.max, last)
		return nil
	})
	if err != nil {
		return err
	}
	for _, value := range e.Values {
		p.partly = p.partly || markOf(value)&settled != 0
	}
	return p.rows.Pass(e)
}

// Crowded reports whether so much was removed of slices in the epoch under way that it should be spilled; see keyed.Crowded.
func (s *store) Crowded() bool {
	for _, p := range s.slices {
		if p.rows.Crowded() {
			return true
		}
	}
	return false
}

// Piled is what waits of rows of all slices; see keyed.Piling.
func (s *store) Piled() (bytes int64) {
	for _, p := range s.slices {
		bytes += p.rows.Piled()
	}
	return bytes
}

// awake makes ready which rows of a slice that are away are in windows which are closed, where others may be open.
func (w *Window) awake(s *store, p *slice) error {
	if !p.rows.HasAway() {
		return nil
	}
	return s.rouse(p, add(w.horizon, 1), false, add(add(w.horizon, 1), max(1, w.cfg.width()/seenParts)))
}

// whole reports whether all windows of a slice are closed of which there are rows.
func (w *Window) whole(p *slice) bool { return w.past(p) || p.max <= w.horizon }

// beginPieces begins to join the windows of a slice that are closed, of which rows are away.
func (w *Window) beginPieces(number int64) {
	g := &w.pieces
	g.active, g.settle, g.phase = true, true, piecesSettled
	for input, s := range w.stores {
		g.sides[input].slice = s.front(number)
	}
}

// isAway reports whether rows of a slice of a number have left memory.
func (w *Window) isAway(number int64) bool {
	for _, s := range w.stores {
		if p := s.front(number); p != nil && p.rows.HasAway() {
			return true
		}
	}
	return false
}

// front returns the first slice if it has a number, else nil.
func (s *store) front(number int64) *slice {
	if len(s.slices) == 0 || s.slices[0].number != number {
		return nil
	}
	return s.slices[0]
}

// recall has what is in memory of the slices leave it, and says which of their rows are joined.
func (w *Window) recall() error {
	for input, s := range w.stores {
		side := &w.pieces.sides[input]
		p := side.slice
		if p == nil {
			continue
		}
		if err := s.leave(p); err != nil {
			return err
		}
		if side.whole = w.whole(p); side.whole {
			side.hashes = nil
			continue
		}
		p.partly = true
		if err := w.awake(s, p); err != nil {
			return err
		}
		side.choose(p.sleeping.due.takeAll())
	}
	return nil
}

// dropPieces drops the slices that were joined; of those that have open windows the rows that were joined are gone already.
func (w *Window) dropPieces() {
	for input, s := range w.stores {
		if side := &w.pieces.sides[input]; side.slice != nil {
			if side.whole {
				s.drop(0)
			}
			side.slice = nil
		}
	}
	w.pieces.active = false
}

// joinPieces goes on to join windows of which rows are away, and reports whether it is to be called again.
func (w *Window) joinPieces(out *op.Output) (more bool, err error) {
	g := &w.pieces
	if g.phase == piecesSettled {
		g.settle = false
		if err := w.recall(); err != nil {
			return false, err
		}
		g.begin()
	}
	more, err = g.step(out)
	if err == nil && !more {
		w.dropPieces()
	}
	return more, err
}
