package window

import (
	"slices"

	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
)

// revisedPage is the key groups that are gone through together where cells have left memory: from from to before to. Those before from were.
type revisedPage struct {
	// turning: there is one, or the next is to be chosen. loaded: its cells are in memory; begun: those of the window that is being answered count.
	turning, loaded, begun bool
	from, to               int
}

// cellOverhead is about what a cell takes in memory beside what is stored of it, with its part of its key.
const cellOverhead = 200

// needs declares the key groups of the page.
func (p *revisedPage) needs(needs *op.Needs) {
	if p.turning && !p.loaded && p.to > p.from {
		needs.Groups(0, op.KeyGroup(p.from), op.KeyGroup(p.to-1)) //nolint:gosec // key groups
	}
}

// cellsOfPage is about how many cells are read for a page of one of so many tasks, which may turn theirs at the same time.
func (a *revisedAway) cellsOfPage(tasks int) int {
	if a.read == 0 { // nobody knows how large they are
		return 1
	}
	return int(max(1, min(pageEntries, a.low/pageShare/int64(max(tasks, 1))/(a.bytes/int64(a.read)+cellOverhead))))
}

// turnsPages reports whether the next window is gone through page by page: all groups are told of it, and some have left memory, or may have to before they were.
func (r *Revised) turnsPages() bool {
	return r.away != nil && r.cfg.Emission == OnClose && (r.away.any || r.away.tight())
}

// tight reports whether there is so little memory that all leaves it before a window is gone through.
func (a *revisedAway) tight() bool { return a.budget.Available() < 2*a.low }

// beginPages reports whether the window that is about to be answered is gone through page by page.
func (r *Revised) beginPages() bool {
	pages := r.turnsPages()
	if a := r.away; a != nil {
		a.paged, a.page, a.settling = pages, revisedPage{turning: pages}, pages && a.tight()
	}
	return pages
}

// turnPage begins the page behind the one before: so many key groups, up to the first that is not wanted, that they have about as many cells as a page may, in memory or not.
func (r *Revised) turnPage(marks *groupSet, wanted func(group uint8) bool) {
	p := &r.away.page
	unread := slices.ContainsFunc(r.list, func(at *slice) bool { return at != nil && at.unread })
	most := r.away.cellsOfPage(r.cfg.Tasks)
	if unread {
		most = 1
	}
	each := (int(r.used) - r.idle) / max(r.table.Len(), 1)
	p.loaded = true
	for cells := 0; p.to < keyed.Groups; p.to++ {
		group := uint8(p.to) //nolint:gosec // below 256
		if !wanted(group) && p.to > p.from {
			break
		}
		cells += r.table.LenOf(group) * each
		away := marks.has(group)
		if away {
			cells += max(r.cellsAway(p.to), 1)
		}
		if cells > most && p.to > p.from {
			break
		}
		p.loaded = p.loaded && !away
	}
	p.begun = false
}

// cellsAway is about how many cells of a key group the store alone has. Of a slice the groups that have left have as many as each other: those that are the task's, and that are left of those.
func (r *Revised) cellsAway(group int) (out int) {
	for _, at := range r.list {
		if at != nil && at.away[group>>6]>>(group&63)&1 != 0 {
			out += max(at.out/countGroups(at.away), 1)
		}
	}
	return out
}

// firePages goes on with a window, page by page.
func (r *Revised) firePages(out *op.Output) (more bool, err error) {
	a := r.away
	p := &a.page
	if a.settling { // the store has it by now
		a.settling = false
		if err := r.depart(); err != nil {
			return false, err
		}
	}
	for {
		if p.from == p.to {
			if p.to == keyed.Groups {
				*p = revisedPage{}
				return false, nil
			}
			marks := r.marksOfWindow()
			r.turnPage(&marks, func(uint8) bool { return true })
		}
		if !p.loaded {
			return true, nil // whoever calls loads it
		}
		if !p.begun {
			if err := r.eachOfPage(r.enterKey); err != nil {
				return false, err
			}
			p.begun, r.cursor = true, keyed.Cursor{Group: p.from}
		}
		if more, err := r.answerAll(out); more || err != nil {
			return more, err
		}
		if err := r.leavePage(); err != nil {
			return false, err
		}
		if p.from = p.to; a.settling && p.to < keyed.Groups {
			return true, nil
		}
		a.settling = false
	}
}

// marksOfWindow are the key groups of which the store alone has cells of the window that is being answered.
func (r *Revised) marksOfWindow() (all groupSet) {
	for _, at := range r.inside {
		all.addAll(at.away)
	}
	return all
}

// eachOfPage gives the keys of the page to f, and then adds up what was to be added.
func (r *Revised) eachOfPage(f func(key uint32) error) error {
	for group := r.away.page.from; group < r.away.page.to; group++ {
		for key := range r.table.Slots(uint8(group)) { //nolint:gosec // below 256
			if err := f(key); err != nil {
				return err
			}
		}
		if err := r.sums.carryOut(); err != nil {
			return err
		}
	}
	return nil
}

// enterKey has the cells of a key count whose first window is being answered.
func (r *Revised) enterKey(key uint32) error {
	for id := r.rings.At(key).newest; id != none; id = r.cells.At(id).older {
		c := r.cells.At(id)
		at := r.list[c.slice]
		if at.last < r.end {
			break
		}
		if at.first != r.end || c.sums[known] == none {
			continue
		}
		if err := r.enter(id); err != nil {
			return err
		}
	}
	return nil
}

// exitKey takes the cells of a key out whose last window is being answered.
func (r *Revised) exitKey(key uint32) error {
	for id := r.rings.At(key).live; id != none; {
		c := r.cells.At(id)
		newer := c.newer
		if r.list[c.slice].last > r.end {
			break
		}
		if err := r.exit(id, r.end); err != nil {
			return err
		}
		id = newer
	}
	return nil
}

// leavePage takes out what leaves with the window, and has keys leave memory again, if there is little.
func (r *Revised) leavePage() error {
	a := r.away
	if a.tight() { // what was read need not be written
		for group := a.page.from; group < a.page.to; group++ {
			if _, err := r.expel(uint8(group), false); err != nil { //nolint:gosec // below 256
				return err
			}
		}
	}
	if err := r.eachOfPage(r.exitKey); err != nil {
		return err
	}
	a.settling = a.budget.Available() < a.low && r.table.Len() > 0
	return nil
}
