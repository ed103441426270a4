package flow

import (
	"slices"
	"sync"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/sdk/batch"
)

// Rows of long texts may take more than what is left when memory is tight, since an operator keeps them and has others like them read back for them: then a batch is given to it in pieces, and state can leave
// memory before each.

const (
	// roomedShare: batches are looked at while less than this part of the budget is left.
	roomedShare = 2
	// keptTimes is how often an operator may take what a batch takes: its rows and their keys, and those of what is read back for them.
	keptTimes = 4
	// rowBytes is about what a row takes without its long texts.
	rowBytes = 64
	// leastPiece is how many rows a piece has at least.
	leastPiece = 64
	// pieceShare is the part of what is left that a piece may take.
	pieceShare = 2
)

// promises are what tasks may take for the pieces that they are at, where memory is short: what is left of the budget beside them is for others. Any goroutine may use them.
type promises struct {
	mu    sync.Mutex
	bytes int64
}

// keep promises what share makes of the bytes that are left in the budget, but for spared ones, and that nobody was promised. It is one step: nobody else is promised the same bytes.
// What was taken of a promise is taken out of the budget before the promise is.
func (p *promises) keep(budget *limit.Budget, spared int64, share func(left int64) (promised int64)) int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	promised := share(max(budget.Available()-spared-p.bytes, 0))
	p.bytes += promised
	return promised
}

// end ends a promise of so many bytes.
func (p *promises) end(bytes int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.bytes -= bytes
}

// left is how many bytes are left in the budget, but for spared ones, and that nobody was promised.
func (p *promises) left(budget *limit.Budget, spared int64) int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return max(budget.Available()-spared-p.bytes, 0)
}

// claim is how many rows of b from one on, whose state may leave memory, are given to the operator at once, for which it is promised memory that other tasks leave to it, until keepPromise.
func (s *step) claim(input int, b *batch.Batch, from int) (rows int) {
	rows, p := b.Rows()-from, s.chain.pipeline
	budget := p.settings.Budget
	loads := s.loads()
	s.brought.short = false
	if !loads && budget.Available()-p.scratchLeft() >= budget.Limit()/roomedShare {
		return rows
	}
	brings := int64(0)
	if loads {
		rows, brings = s.within(input, b, from)
	}
	bytes := bytesOf(b, rows)*keptTimes + brings
	if bringer, ok := s.op.(op.Bringer); ok {
		bytes += bringer.Brings() * int64(rows)
	}
	least := leastPiece
	if brings > 0 { // others may have been promised what was left when these were counted
		least = 1
	}
	s.promised += p.promises.keep(budget, p.scratchLeft(), func(left int64) int64 {
		if left /= pieceShare; bytes <= left {
			return bytes
		}
		all := rows
		rows = min(max(least, int(int64(all)*left/bytes)), all)
		return bytes * int64(rows) / int64(all)
	})
	return rows
}

// bytesOf is about what some rows of b take.
func bytesOf(b *batch.Batch, rows int) int64 {
	bytes := int64(rows) * rowBytes
	for _, c := range b.Cols {
		if c != nil && c.Kind().IsVariable() {
			bytes += int64(c.TextBytes(b.Sel)) * int64(rows) / int64(b.Rows())
		}
	}
	return bytes
}

// slicer gives a batch on in slices. It belongs to one goroutine.
type slicer struct {
	piece batch.Batch
	sel   []uint16
}

// each calls f for slices of b of about most bytes, or of leastPiece rows where these have more. They are lent.
func (s *slicer) each(b *batch.Batch, most int64, f func(*batch.Batch) error) error {
	rows := b.Rows()
	bytes := bytesOf(b, rows)
	if bytes <= most || rows <= leastPiece {
		return f(b)
	}
	n := max(int(int64(rows)*most/bytes), leastPiece)
	for from := 0; from < rows; {
		to := pieceEnd(b, from, n)
		s.sel = appendRows(s.sel[:0], b, from, to)
		s.piece.View(b, s.sel)
		if err := f(&s.piece); err != nil {
			return err
		}
		from = to
	}
	return nil
}

// keepPromise ends what the step was promised: it has taken what it needs.
func (s *step) keepPromise() {
	if s.promised > 0 {
		s.chain.pipeline.promises.end(s.promised)
		s.promised = 0
	}
}

// pushPieces runs the operator, whose state may leave memory, over b, piece by piece.
func (s *step) pushPieces(input int, b *batch.Batch) error {
	t := s.chain.host.(*task)
	for from := 0; from < b.Rows(); {
		if err := s.makeRoom(t); err != nil {
			return err
		}
		n := s.claim(input, b, from)
		if from+n < b.Rows() && s.sorts(input, b, from) {
			b, from = &s.sorted, 0
			s.keepPromise()
			n = s.claim(input, b, from)
		}
		piece, to := b, pieceEnd(b, from, n)
		if from > 0 || to < b.Rows() || b == &s.sorted {
			piece = s.pieceOf(b, from, to)
		}
		s.brought.begin()
		if err := s.pushPiece(input, piece); err != nil {
			return err
		}
		s.brought.end(to - from)
		if from = to; from < b.Rows() { // pieces may be many, and take long
			if err := t.alive(); err != nil {
				return err
			}
		}
	}
	return nil
}

// pushPiece has the operator do what there is to do for a piece. What it was promised is for others at the latest then.
func (s *step) pushPiece(input int, piece *batch.Batch) error {
	defer s.keepPromise()
	if s.cut || s.satedBehind() {
		s.passOver(piece)
		return nil
	}
	return s.apply(input, piece)
}

// pieceOf makes the rows from..to-1 of b a batch, lent until the next call.
func (s *step) pieceOf(b *batch.Batch, from, to int) *batch.Batch {
	s.sel = appendRows(s.sel[:0], b, from, to)
	if b == &s.sorted {
		slices.Sort(s.sel)
	}
	s.piece.View(b, s.sel)
	return &s.piece
}

// appendRows appends where the rows from..to-1 of b stand.
func appendRows(sel []uint16, b *batch.Batch, from, to int) []uint16 {
	for i := from; i < to; i++ {
		sel = append(sel, uint16(b.Row(i))) //nolint:gosec // a row number of a batch
	}
	return sel
}

// pieceEnd is the end of a piece of about n rows that begins at from: the halves of an update stay together.
func pieceEnd(b *batch.Batch, from, n int) int {
	to := min(from+n, b.Rows())
	if b.Kinds != nil && to < b.Rows() && b.Kinds[b.Row(to-1)] == batch.UpdateBefore {
		to++
	}
	return to
}
