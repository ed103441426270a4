package window

import (
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
)

// ending is a window that answers once, when it closes, and of which some groups are away, or rows that calls keep: all of it leaves memory for good, and comes back range by range.
type ending struct {
	of   *dealt[*window] // nil: there is none
	left bool            // all has left memory
}

// ends reports whether a window that answers once must do so range by range.
func (a *Aggregate) ends(w *window) bool { return a.away != nil && w.SomeAway() }

// end goes on to answer a window.
func (v *windowsAway) end(w *dealt[*window], out *op.Output) (more bool, err error) {
	e := &v.ending
	switch {
	case e.of == nil: // the store must have all of it first
		e.of = w
		return true, nil
	case !e.left:
		e.left = true
		for _, p := range v.parts {
			if err := w.of.kept[p.number].(keyed.Departing).Depart(true); err != nil {
				return false, err
			}
		}
		return true, nil
	}
	if more, err = w.of.OnEnd(out); !more {
		*e = ending{}
	}
	return more, err
}

// needs declares the range that comes next.
func (e *ending) needs(needs *op.Needs) {
	if e.of != nil && e.left {
		e.of.of.Needs(-1, nil, needs)
	}
}
