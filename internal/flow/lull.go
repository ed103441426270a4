package flow

import "time"

// lull says how long rows have waited for company while nothing came and sealed state was written. Then a task is not idle, and as a rule something comes soon: whoever feeds it may have lost its processor to the one that
// writes the last piece to the disk. It is data.
type lull struct {
	waiting bool
	looked  time.Duration // when it was last looked at, on a clock that never goes back
	// now is how long nothing has come, and all how long that was, now and before, since rows last went on.
	now, all time.Duration
}

const (
	// mostNow is about how long the disk takes for a piece.
	mostNow = 2 * time.Millisecond
	// mostAll bounds what rows wait where something comes again and again, but less often than it could be handled.
	mostAll = 10 * time.Millisecond
)

// over notes that nothing has come, and reports whether rows are to wait no more.
func (l *lull) over(now time.Duration) bool {
	if !l.waiting {
		l.waiting, l.looked, l.now = true, now, 0
	}
	l.pass(now)
	return l.now >= mostNow || l.all >= mostAll
}

// came notes that something has come.
func (l *lull) came(now time.Duration) {
	l.pass(now)
	l.waiting = false
}

func (l *lull) pass(now time.Duration) {
	passed := now - l.looked
	l.looked, l.now, l.all = now, l.now+passed, l.all+passed
}
