package window

import (
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
)

// walk is the groups of a window that are told of range by range, since some are away.
type walk struct {
	of       *dealt[*window] // nil: there is none
	from, to uint64
	phase    walkPhase
	// all: those are told of, too, which nobody was told of before.
	all bool
}

type walkPhase uint8

const (
	// beginning: the next range is to be chosen. loading: it is to be loaded. loaded: it is in memory. telling: it is told of. leaving: all was told of, and it leaves memory once the store has it.
	beginning walkPhase = iota
	loading
	loaded
	telling
	leaving
)

// begin begins to tell of the groups of a window.
func (v *windowsAway) begin(w *dealt[*window], all bool) {
	v.walk = walk{of: w, from: v.home().From, all: all}
}

// goOn goes on to tell of the groups of a window, until something was emitted, or must be read or stored.
func (v *windowsAway) goOn(out *op.Output) (more bool, err error) {
	k := &v.walk
	part := k.of.of
	for {
		switch k.phase {
		case beginning:
			k.to, k.phase = part.RangeFrom(k.from), loading
			if !part.resident() {
				return true, nil
			}
			k.to = v.home().To
			err = k.tell()
		case loading: // nobody has to: all is in memory by now
			k.phase = beginning
		case loaded:
			err = k.tell()
		case telling:
			if more, err = part.OnFlush(out); more || err != nil || out.Ports[0] != nil {
				return true, err
			}
			if k.to == v.home().To {
				*k = walk{}
				return false, nil
			}
			k.from, k.phase = k.to+1, beginning
			if part.Tight() {
				k.phase = leaving
				return true, nil
			}
		case leaving:
			k.phase = beginning
			err = v.parts[0].of(k.of).Depart(false)
		}
		if err != nil {
			return false, err
		}
	}
}

// tell begins to tell of the range, which is in memory.
func (k *walk) tell() error {
	k.phase = telling
	if !k.all {
		return nil
	}
	return k.of.of.AnnounceRange(k.from, k.to)
}

// home is where the groups are.
func (v *windowsAway) home() keyed.Home { return v.parts[0].home }

// needs declares the range that is to be loaded.
func (v *windowsAway) needs(needs *op.Needs) {
	k := &v.walk
	if k.of == nil || k.phase != loading {
		v.ending.needs(needs)
		return
	}
	for i := range v.parts {
		if !k.of.of.HasValues(i) {
			needs.Range(i, k.from, k.to)
		}
	}
}

// loadRange loads a range of the window that is being told of.
func (v *windowsAway) loadRange(number int, from, to uint64) error {
	of := v.ending.of
	if v.walk.of != nil {
		of, v.walk.phase = v.walk.of, loaded
	}
	return of.of.Tables()[number].(op.RangedTable).LoadRange(from, to)
}

// Settles reports whether groups leave memory next that the store must have before: a range of them that has been told of, or all of a window that answers.
func (a *Aggregate) Settles() bool {
	return a.away != nil && (a.away.walk.of != nil && a.away.walk.phase == leaving || a.away.ending.of != nil && !a.away.ending.left)
}

// resident reports whether all groups of the window are in memory.
func (w *window) resident() bool { return w.Tables()[0].Resident() }
