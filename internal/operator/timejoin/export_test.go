package timejoin

// SweepAlways makes a join sweep late rows however few there are.
func SweepAlways(j *Interval) {
	for _, p := range j.probes {
		if p.sweep != nil {
			p.sweep.rows, p.sweep.least = 0, 1
		}
	}
}

// TakePieces has a window join read so few rows at once, and have no more than most in memory of windows that lie in the store.
func (w *Window) TakePieces(rows, most int) {
	for _, s := range w.stores {
		s.taken.Most = rows
	}
	w.pieces.mostRows = most
}
