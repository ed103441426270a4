package window

import (
	"math"

	"wire.example/wire/internal/operator/aggregate"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/internal/state/store"
)

// Groups of windows that say what changes leave memory by their hashes, as those of an aggregate do: a flush looks at those alone that have changed, and those stay. A window of which no rows come leaves as a whole, since its memory is
// of no use to others. Where all groups of a window must be told of, and some are away, they come back range by range (walk).

// awayPart is the table of the groups of all windows as a part that may leave memory.
type awayPart struct {
	*keptPart
	reader store.Reader // nil: nothing leaves
	low    int64
	// spilling are windows that are still to be spilled; settled: nothing has changed since all were.
	spilling []keyed.Evictable
	settled  bool
	// hurried: groups that wait for their interval take so much memory that they do not wait any longer.
	hurried bool
	walk    walk
}

// leavingTable is a window's table of groups.
type leavingTable interface {
	keyed.Late
	keyed.Departing
	keyed.Crowded
	Len() int
	Resident() bool
	Tight() bool
	RangeFrom(from uint64) (to uint64)
	LoadRange(from, to uint64) error
}

// Leaves reports whether groups may leave memory: others are told of them as they change, and each has nothing but its entry.
func (a *Aggregate) Leaves() bool { return a.inner.Changes && a.spare[0].LeavesAlone() }

// tableOf is a window's table.
func (p *awayPart) tableOf(w *dealt[*window]) leavingTable { return w.of.kept[p.number].(leavingTable) }

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

// Adopt has the groups that are there count as changed; see keyed.Late.
func (p *awayPart) Adopt() error {
	a := p.aggregate
	a.spare = a.spare[:1] // the others note no changes
	for _, w := range a.list {
		a.place(w.of, w.bounds, true)
		if err := p.tableOf(w).Adopt(); err != nil {
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
			room = min(room, p.tableOf(w).Room())
		}
	}
	return room
}

// Evict has groups leave memory; see keyed.Evictable: windows that got no rows of the last batch as a whole, if the store has all of them, then of each in proportion.
func (p *awayPart) Evict(want int, settled bool) (evicted int, err error) {
	a := p.aggregate
	if a.running {
		return 0, nil
	}
	all := 0
	for _, w := range a.list {
		n := p.tableOf(w).Len()
		if all += n; !p.settled || !settled || n == 0 || w.of.waits() || len(w.sel) > 0 {
			continue
		}
		if err := p.tableOf(w).Depart(false); err != nil {
			return evicted, err
		}
		evicted += n
		all -= n
	}
	for _, w := range a.list {
		n := p.tableOf(w).Len()
		if evicted >= want || n == 0 {
			continue
		}
		left, err := p.tableOf(w).Evict(want*n/all+1, settled)
		if err != nil {
			return evicted, err
		}
		evicted += left
	}
	p.hurried = p.hurried || settled && evicted < want
	return evicted, nil
}

// Depart has all groups leave memory, but those that the next flush looks at; see keyed.Departing. It is never for good.
func (p *awayPart) Depart(bool) error {
	if p.aggregate.running {
		return nil
	}
	for _, w := range p.aggregate.list {
		t := p.tableOf(w)
		var err error
		if w.of.waits() {
			p.hurried = true
			_, err = t.Evict(t.Len(), true)
		} else if t.Len() > 0 {
			err = t.Depart(false)
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
		for _, value := range e.Values {
			told, waiting := aggregate.StoredMarks(value)
			w.of.passed.told = w.of.passed.told || told
			w.of.passed.untold = w.of.passed.untold || !told
			w.of.passed.waiting = w.of.passed.waiting || waiting
		}
		return p.tableOf(w).Pass(e)
	})
}

// Spill writes what changed of all windows in the epoch under way, and of those that are over; see keyed.Evictable.
func (p *awayPart) Spill(into *store.Changes, most int64) (more bool) {
	from := into.Bytes()
	into.Add(p.gone)
	p.gone.Reset()
	if len(p.spilling) == 0 {
		for _, w := range p.aggregate.list {
			p.spilling = append(p.spilling, p.tableOf(w))
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
		if p.tableOf(w).Crowded() {
			return true
		}
	}
	return false
}

// waits reports whether a flush has something to tell of the window.
func (w *window) waits() bool { return w.dirty || w.unheard || w.Touched() > 0 }

// passed is what is known of the groups of a window that a restore left in the store: whether others were told of some, or were not, and whether some have changed since.
type passed struct{ told, untold, waiting bool }

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
	// beginning: the next range is to be chosen. loading: it is to be loaded. telling: it is in memory. leaving: all was told of, and it leaves memory once the store has it.
	beginning walkPhase = iota
	loading
	telling
	leaving
)

// begin begins to tell of the groups of a window.
func (p *awayPart) begin(w *dealt[*window], all bool) {
	p.walk = walk{of: w, from: p.home.From, all: all}
}

// goOn goes on to tell of the groups of a window, until something was emitted, or must be read or stored.
func (p *awayPart) goOn(out *op.Output) (more bool, err error) {
	k := &p.walk
	part, table := k.of.of, p.tableOf(k.of)
	for {
		switch k.phase {
		case beginning:
			k.to, k.phase = table.RangeFrom(k.from), loading
			if !table.Resident() {
				return true, nil
			}
			k.phase = telling
			if k.to = p.home.To; k.all {
				err = part.AnnounceRange(k.from, k.to)
			}
		case loading: // nobody has to: all is in memory by now
			k.phase = beginning
		case telling:
			if more, err = part.OnFlush(out); more || err != nil || out.Ports[0] != nil {
				return true, err
			}
			if k.to == p.home.To {
				*k = walk{}
				return false, nil
			}
			k.from, k.phase = k.to+1, beginning
			if table.Tight() {
				k.phase = leaving
				return true, nil
			}
		case leaving:
			k.phase = beginning
			err = table.Depart(false)
		}
		if err != nil {
			return false, err
		}
	}
}

// needs declares the range that is to be loaded.
func (k *walk) needs(needs *op.Needs) {
	if k.of != nil && k.phase == loading {
		needs.Range(0, k.from, k.to)
	}
}

// load loads the range.
func (p *awayPart) load(from, to uint64) error {
	k := &p.walk
	if err := p.tableOf(k.of).LoadRange(from, to); err != nil {
		return err
	}
	k.phase = telling
	if !k.all {
		return nil
	}
	return k.of.of.AnnounceRange(from, to)
}

// Settles reports whether a range of groups has been told of and leaves memory next.
func (a *Aggregate) Settles() bool {
	return a.away != nil && a.away.walk.of != nil && a.away.walk.phase == leaving
}

// resident reports whether all groups of the window are in memory.
func (w *window) resident() bool { return w.Tables()[0].Resident() }
