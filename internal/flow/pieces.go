package flow

import "wire.example/wire/sdk/batch"

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
	leastPiece = 256
)

// pieceRows is how many rows of b, whose state may leave memory, are given to the operator at once.
func (s *step) pieceRows(b *batch.Batch) int {
	rows, p := b.Rows(), s.chain.pipeline
	budget := p.settings.Budget
	left := budget.Available() - p.scratchLeft()
	if rows <= leastPiece || left >= budget.Limit()/roomedShare {
		return rows
	}
	bytes := int64(rows) * rowBytes
	for _, c := range b.Cols {
		if c != nil && c.Kind().IsVariable() {
			bytes += int64(c.TextBytes(b.Sel))
		}
	}
	if bytes *= keptTimes * int64(s.chain.tasks+1); bytes <= left { // other tasks take of it at once
		return rows
	}
	return max(leastPiece, int(int64(rows)*max(left, 0)/bytes))
}

// pushPieces runs the operator, whose state may leave memory, over b, piece by piece.
func (s *step) pushPieces(input int, b *batch.Batch) error {
	t := s.chain.host.(*task)
	for from := 0; ; {
		if err := s.makeRoom(t); err != nil {
			return err
		}
		n := s.pieceRows(b)
		if from == 0 && n >= b.Rows() {
			return s.apply(input, b)
		}
		to := pieceEnd(b, from, n)
		s.sel = s.sel[:0]
		for i := from; i < to; i++ {
			s.sel = append(s.sel, uint16(b.Row(i))) //nolint:gosec // a row number of a batch
		}
		s.piece.View(b, s.sel)
		if s.cut || s.satedBehind() {
			s.passOver(&s.piece)
		} else if err := s.apply(input, &s.piece); err != nil {
			return err
		}
		if from = to; from == b.Rows() {
			return nil
		}
	}
}

// pieceEnd is the end of a piece of about n rows that begins at from: the halves of an update stay together.
func pieceEnd(b *batch.Batch, from, n int) int {
	to := min(from+n, b.Rows())
	if b.Kinds != nil && to < b.Rows() && b.Kinds[b.Row(to-1)] == batch.UpdateBefore {
		to++
	}
	return to
}
