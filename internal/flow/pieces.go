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
	leastPiece = 64
	// pieceShare is the part of what is left that a piece may take.
	pieceShare = 2
)

// pieceRows is how many rows of b from one on, whose state may leave memory, are given to the operator at once, and what it is promised for them: so many bytes, which other tasks leave to it.
func (s *step) pieceRows(b *batch.Batch, from int) (rows int, promised int64) {
	rows, p := b.Rows()-from, s.chain.pipeline
	budget := p.settings.Budget
	left := budget.Available() - p.scratchLeft()
	if left >= budget.Limit()/roomedShare {
		return rows, 0
	}
	left = max(left-p.promised.Load(), 0) / pieceShare
	bytes := int64(rows) * rowBytes
	for _, c := range b.Cols {
		if c != nil && c.Kind().IsVariable() {
			bytes += int64(c.TextBytes(b.Sel)) * int64(rows) / int64(b.Rows())
		}
	}
	bytes *= keptTimes
	if bytes <= left {
		return rows, bytes
	}
	n := min(max(leastPiece, int(int64(rows)*left/bytes)), rows)
	return n, bytes * int64(n) / int64(rows)
}

// pushPieces runs the operator, whose state may leave memory, over b, piece by piece.
func (s *step) pushPieces(input int, b *batch.Batch) error {
	t := s.chain.host.(*task)
	for from := 0; from < b.Rows(); {
		if err := s.makeRoom(t); err != nil {
			return err
		}
		n, promised := s.pieceRows(b, from)
		piece, to := b, pieceEnd(b, from, n)
		if from > 0 || to < b.Rows() {
			piece = s.pieceOf(b, from, to)
		}
		if s.cut || s.satedBehind() {
			s.passOver(piece)
		} else if err := s.applyPromised(input, piece, promised); err != nil {
			return err
		}
		from = to
	}
	return nil
}

// applyPromised has the operator do what there is to do for a piece, for which it is promised so many bytes.
func (s *step) applyPromised(input int, piece *batch.Batch, bytes int64) error {
	if bytes > 0 {
		s.chain.pipeline.promised.Add(bytes)
		defer s.chain.pipeline.promised.Add(-bytes)
	}
	return s.apply(input, piece)
}

// pieceOf makes the rows from..to-1 of b a batch, lent until the next call.
func (s *step) pieceOf(b *batch.Batch, from, to int) *batch.Batch {
	s.sel = s.sel[:0]
	for i := from; i < to; i++ {
		s.sel = append(s.sel, uint16(b.Row(i))) //nolint:gosec // a row number of a batch
	}
	s.piece.View(b, s.sel)
	return &s.piece
}

// pieceEnd is the end of a piece of about n rows that begins at from: the halves of an update stay together.
func pieceEnd(b *batch.Batch, from, n int) int {
	to := min(from+n, b.Rows())
	if b.Kinds != nil && to < b.Rows() && b.Kinds[b.Row(to-1)] == batch.UpdateBefore {
		to++
	}
	return to
}
