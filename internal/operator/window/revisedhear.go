package window

import (
	"math"

	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
)

// tickPhase is how far telling of an interval that is over has come.
type tickPhase uint8

const (
	noTick tickPhase = iota
	// tickHears: cells that a restore has left in the store are read for what waits in them.
	tickHears
	tickTells
)

// mustHear reports whether cells that a restore has left in the store may have rows which somebody must be told of.
func (r *Revised) mustHear() bool { return r.away != nil && !r.away.unheard.none() }

// hear reads such cells, page by page, and tells of their rows, and of all that wait beside them. It answers more until that is done, and then the event goes on.
func (r *Revised) hear(out *op.Output) (more bool, err error) {
	if !r.mustHear() && (r.away == nil || !r.away.page.turning) {
		return false, nil
	}
	if err := r.settleRestored(); err != nil {
		return false, op.OutOfMemory(r.cfg.Name, err)
	}
	p := &r.away.page
	for {
		switch {
		case r.revise.running:
			if more, err = r.goOn(out); more || err != nil {
				return more, err
			}
		case !p.turning && !r.mustHear():
			return false, nil
		case !p.turning:
			r.turnHearing()
		case !p.loaded: // whoever calls loads it
			return true, nil
		case len(r.fresh.list)+len(r.waiting.list) > 0:
			if err = r.beginHearing(); err != nil {
				return false, op.OutOfMemory(r.cfg.Name, err)
			}
		case !r.away.leaving && r.away.budget.Available() < r.away.low:
			r.away.leaving = true
			return true, nil
		default:
			if err = r.heard(); err != nil {
				return false, op.OutOfMemory(r.cfg.Name, err)
			}
		}
	}
}

// turnHearing begins the page of the next key groups.
func (r *Revised) turnHearing() {
	a := r.away
	p := &a.page
	*p = revisedPage{turning: true}
	for !a.unheard.has(uint8(p.from)) { //nolint:gosec // below 256
		p.from++
	}
	p.to = p.from
	marks := r.marks()
	r.turnPage(&marks, a.unheard.has)
}

// beginHearing begins to tell of what waits, or of what nobody knows.
func (r *Revised) beginHearing() error {
	if r.hasFresh() {
		return r.beginFlush()
	}
	return r.begin(waiting, &r.waiting, r.fired, math.MaxInt64)
}

// heard ends a page.
func (r *Revised) heard() error {
	a := r.away
	for group := a.page.from; group < a.page.to; group++ {
		number := uint8(group) //nolint:gosec // below 256
		a.unheard.remove(number)
		if a.unaware.has(number) {
			a.unaware.remove(number)
			r.aware.add(number)
		}
	}
	a.page = revisedPage{}
	if !a.leaving {
		return nil
	}
	a.leaving = false
	return r.depart()
}

// Settles reports whether keys leave memory next that the store must have before.
func (r *Revised) Settles() bool { return r.away != nil && (r.away.leaving || r.away.settling) }

// hearsBefore reports whether what a restore has left in the store must be read before windows close, or are forgotten.
func (r *Revised) hearsBefore() bool {
	if !r.mustHear() {
		return false
	}
	if !r.away.unaware.none() || len(r.past) > 0 && r.over(r.past[0].last) {
		return true
	}
	_, closes := r.nextWindow()
	return closes && r.running()
}

var (
	_ op.Settler      = (*Revised)(nil)
	_ op.Bringer      = (*Revised)(nil)
	_ keyed.Outlined  = (*revisedPart)(nil)
	_ keyed.Departing = (*revisedPart)(nil)
	_ keyed.Late      = (*revisedPart)(nil)
)
