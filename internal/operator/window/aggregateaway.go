package window

import (
	"math"

	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/internal/state/store"
	"wire.example/wire/sdk/batch"
)

// Groups of windows leave memory by their hashes, as those of an aggregate do: a flush looks at those alone that have changed, and those stay. A window of which no rows come leaves as a whole, since its memory is
// of no use to others. Where all groups of a window must be told of, and some are away, they come back range by range (walk). So they do where a window answers once (ending).

// windowsAway is what is known of groups that the store alone has.
type windowsAway struct {
	aggregate *Aggregate
	parts     []*awayPart
	// hurried: groups that wait for their interval take so much memory that they do not wait any longer.
	hurried bool
	walk    walk
	ending  ending
	view    batch.Batch
}

// stir notes that something of the windows changes.
func (v *windowsAway) stir() {
	for _, p := range v.parts {
		p.settled = false
	}
}

// awayPart is one of the tables or rows of all windows as a part that may leave memory.
type awayPart struct {
	*keptPart
	away   *windowsAway
	reader store.Reader // nil: nothing leaves
	low    int64
	// spilling are windows that are still to be spilled; settled: nothing has changed since all were.
	spilling []keyed.Evictable
	settled  bool
}

// leavingPart is a window's table or rows.
type leavingPart interface {
	keyed.Late
	keyed.Departing
	keyed.Crowded
	keyed.Piling
	Len() int
}

// Leaves reports whether groups may leave memory.
func (a *Aggregate) Leaves() bool { return a.spare[0].Leaves() }

// newAway returns the parts as those that may leave memory.
func (a *Aggregate) newAway() *windowsAway {
	v := &windowsAway{aggregate: a}
	for _, p := range a.kept {
		v.parts = append(v.parts, &awayPart{keptPart: p, away: v})
	}
	return v
}

// of is a window's part.
func (p *awayPart) of(w *dealt[*window]) leavingPart { return w.of.kept[p.number].(leavingPart) }

// MayLeave reports that groups may leave memory.
func (p *awayPart) MayLeave() bool { return true }

// Attach lets groups of windows leave memory, those of windows to come, too; see keyed.Evictable.
func (p *awayPart) Attach(r store.Reader, low int64) {
	p.reader, p.low = r, low
	for _, w := range p.aggregate.list {
		p.attach(w.of.kept[p.number])
	}
}

// attach lets the groups of a window leave memory.
func (p *awayPart) attach(part slicePart) {
	if p.reader != nil {
		part.(keyed.Evictable).Attach(p.reader, p.low)
	}
}

// Adopt has the groups that are there count as changed; see keyed.Late. The parts before have done so.
func (p *awayPart) Adopt() error {
	a := p.aggregate
	a.spare = a.spare[:1] // the others note no changes
	for _, w := range a.list {
		a.placePart(w.of, w.bounds, p.number, true)
		if err := p.of(w).Adopt(); err != nil {
			return err
		}
	}
	return nil
}

// Room is the least of the windows that got rows of the last batch; see keyed.Evictable.
func (p *awayPart) Room() int {
	room := math.MaxInt
	for _, w := range p.aggregate.list {
		if len(w.sel) > 0 {
			room = min(room, p.of(w).Room())
		}
	}
	return room
}

// stays reports whether all of a window must stay, since it is being told of; answered once, others need not.
func (p *awayPart) stays(w *dealt[*window]) bool {
	return p.aggregate.running && (p.aggregate.inner.Changes || w.of.telling)
}

// waits reports whether the next flush looks at groups of a window, which then cannot leave as a whole.
func (p *awayPart) waits(w *dealt[*window]) bool { return p.number == 0 && w.of.waits() }

// Evict has groups leave memory; see keyed.Evictable: windows that got no rows of the last batch as a whole, if the store has all of them, then of each in proportion.
func (p *awayPart) Evict(want int, settled bool) (evicted int, err error) {
	a := p.aggregate
	all := 0
	for _, w := range a.list {
		n := p.of(w).Len()
		if p.stays(w) || n == 0 {
			continue
		}
		if all += n; !p.settled || !settled || p.waits(w) || len(w.sel) > 0 {
			continue
		}
		if err := p.of(w).Depart(false); err != nil {
			return evicted, err
		}
		evicted += n
		all -= n
	}
	for _, w := range a.list {
		n := p.of(w).Len()
		if evicted >= want || n == 0 || p.stays(w) {
			continue
		}
		left, err := p.of(w).Evict(want*n/max(all, 1)+1, settled)
		if err != nil {
			return evicted, err
		}
		evicted += left
	}
	p.away.hurried = p.away.hurried || p.number == 0 && !a.running && settled && evicted < want
	return evicted, nil
}

// Depart has all groups leave memory, but those that the next flush looks at; see keyed.Departing. It is never for good.
func (p *awayPart) Depart(bool) error {
	for _, w := range p.aggregate.list {
		part := p.of(w)
		var err error
		switch {
		case p.stays(w) || part.Len() == 0:
		case p.waits(w):
			p.away.hurried = true
			_, err = part.Evict(part.Len(), true)
		default:
			err = part.Depart(false)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Pass leaves groups in the store, of the windows that they are of; see keyed.Evictable.
func (p *awayPart) Pass(e *keyed.Entries) error {
	return p.deal(e, func(w *dealt[*window], e *keyed.Entries) error {
		if p.number == 0 && p.aggregate.inner.Changes {
			for _, value := range e.Values {
				w.of.passed.Note(value)
			}
		}
		return p.of(w).Pass(e)
	})
}

// Spill writes what changed of all windows in the epoch under way, and of those that are over; see keyed.Evictable.
func (p *awayPart) Spill(into *store.Changes, most int64) (more bool) {
	from := into.Bytes()
	into.Add(p.gone)
	p.gone.Reset()
	if len(p.spilling) == 0 {
		for _, w := range p.aggregate.list {
			p.spilling = append(p.spilling, p.of(w))
		}
	}
	for ; len(p.spilling) > 0; p.spilling = p.spilling[:len(p.spilling)-1] {
		left := most - (into.Bytes() - from)
		if left <= 0 || p.spilling[len(p.spilling)-1].Spill(into, left) {
			return true
		}
	}
	p.settled = true
	return false
}

// Crowded reports whether so many groups were removed that the epoch under way should be spilled; see keyed.Crowded.
func (p *awayPart) Crowded() bool {
	for _, w := range p.aggregate.list {
		if p.of(w).Crowded() {
			return true
		}
	}
	return false
}

// Piled is what waits of groups of all windows; see keyed.Piling.
func (p *awayPart) Piled() (bytes int64) {
	for _, w := range p.aggregate.list {
		bytes += p.of(w).Piled()
	}
	return bytes
}

// waits reports whether a flush has something to tell of the window.
func (w *window) waits() bool { return w.dirty || w.unheard || w.Touched() > 0 }
