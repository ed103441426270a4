package join

// TakePieces has a hash join read so few rows at once, and keep no more than most of the build side in memory when both inputs are over.
func (h *Hash) TakePieces(rows, most int) {
	h.away.pages.entries.Most, h.away.piece.entries.Most, h.away.piece.most = rows, rows, most
}
