package window

import (
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
)

// revisedPage is the key groups that are gone through together where cells have left memory: from from to before to. Those before from were.
type revisedPage struct {
	// turning: there is one, or the next is to be chosen. loaded: its cells are in memory.
	turning, loaded bool
	from, to        int
}

// cellOverhead is about what a cell takes in memory beside what is stored of it, with its part of its key.
const cellOverhead = 200

// needs declares the key groups of the page.
func (p *revisedPage) needs(needs *op.Needs) {
	if p.turning && !p.loaded && p.to > p.from {
		needs.Groups(0, op.KeyGroup(p.from), op.KeyGroup(p.to-1)) //nolint:gosec // key groups
	}
}

// cellsOfPage is about how many cells are read for a page.
func (a *revisedAway) cellsOfPage() int {
	if a.read == 0 { // nobody knows how large they are
		return 1
	}
	return int(max(1, min(pageEntries, a.low/pageShare/(a.bytes/int64(a.read)+cellOverhead))))
}

// turnPage begins the page behind the one before: so many key groups, up to the first that is not wanted, that about as many cells are read as it may have.
func (r *Revised) turnPage(marks *groupSet, wanted func(group uint8) bool) {
	p := &r.away.page
	out, unread := 0, false
	for _, at := range r.list {
		if at != nil {
			out += at.out
			unread = unread || at.unread
		}
	}
	most := r.away.cellsOfPage()
	if unread {
		most = 1
	}
	p.loaded = true
	for cells := 0; p.to < keyed.Groups; p.to++ {
		group := uint8(p.to) //nolint:gosec // below 256
		if !wanted(group) && p.to > p.from {
			break
		}
		away := marks.has(group)
		if away {
			cells += max(out/keyed.Groups, 1)
		}
		if cells > most && p.to > p.from {
			break
		}
		p.loaded = p.loaded && !away
	}
}

// firePages goes on with a window that all groups are told of, page by page.
func (r *Revised) firePages(out *op.Output) (more bool, err error) {
	p := &r.away.page
	for {
		if p.from == p.to {
			if p.to == keyed.Groups {
				*p = revisedPage{}
				return false, nil
			}
			marks := r.marksOfWindow()
			r.turnPage(&marks, func(uint8) bool { return true })
			r.cursor = keyed.Cursor{Group: p.from}
		}
		if !p.loaded {
			return true, nil // whoever calls loads it
		}
		if more, err := r.answerAll(out); more || err != nil {
			return more, err
		}
		if err := r.leavePage(); err != nil {
			return false, err
		}
		p.from = p.to
	}
}

// marksOfWindow are the key groups of which the store alone has cells of the window that is being answered.
func (r *Revised) marksOfWindow() (all groupSet) {
	for _, at := range r.inside {
		all.addAll(at.away)
	}
	return all
}

// leavePage has the keys of the page leave memory again, if there is little.
func (r *Revised) leavePage() error {
	a := r.away
	if !a.any || a.budget.Available() >= a.low {
		return nil
	}
	for group := a.page.from; group < a.page.to; group++ {
		if _, err := r.expel(uint8(group), false); err != nil { //nolint:gosec // below 256
			return err
		}
	}
	return nil
}
