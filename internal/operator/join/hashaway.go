package join

import (
	"math"

	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
)

// away is what a hash join knows of its state that lies in the store alone, and what it does with it: it is then a grace hash join over key groups.
//
// When memory is tight, the build rows of key groups leave it for good, half of those that are there at once, and those of these groups that come then follow them. Probe rows of such a group are
// held. When both inputs are over, the build rows come back in the order of their hashes, as many at a time as there is memory for, and the probe rows of these hashes are looked up among them.
// Where the rows of one hash are too many they are taken in parts; what is known of a probe row is then noted, and said when all parts were there.
//
// What is read from the store is read before the next call, since an operator does no I/O: away is a table of which something is to be loaded.
type away struct {
	h *Hash
	// groups are the key groups of which build rows are not in memory; any says that there are some.
	groups [keyed.Groups]bool
	any    bool
	// settle: before the next call everything must be in the store.
	settle bool
	// read is what is to be read before the next call, nil for nothing.
	read func() error
	step awayStep
	// nextGroup is the one to look at next.
	nextGroup int
	pages     pages
	piece     piece
	// here and gone are the rows of a batch whose build rows are in memory, or not.
	here, gone       batch.Batch
	hereSel, goneSel []uint16
	ids              []uint32
}

// awayStep is what comes next.
type awayStep uint8

const (
	awaySettled  awayStep = iota // everything is in the store
	awayMemory                   // what is to be said of build rows in memory
	awayRange                    // the next key groups
	awayPiece                    // the next build rows of them
	awayPages                    // the probe rows that are looked up among those
	awayPieceEnd                 // what is to be said of the build rows
	awayVerdicts                 // what is to be said of the probe rows, of build rows in parts
)

// groupShift leads from a hash to its key group.
const groupShift = 56

// firstOf returns the first hash of a key group; of the one behind all it is 0.
func firstOf(group int) uint64 { return uint64(group) << groupShift } //nolint:gosec // at most keyed.Groups

func newAway(h *Hash) *away {
	a := &away{h: h, hereSel: make([]uint16, 0, batch.MaxRows), goneSel: make([]uint16, 0, batch.MaxRows)}
	unbound := keyed.Taken{Most: batch.MaxRows, MostBytes: keyed.TakenBytes(math.MaxInt64)}
	a.pages.entries, a.piece.entries = unbound, unbound
	return a
}

// takenBytes is about how many bytes of stored rows are read at once, where memory is tight below low bytes: what many tasks read lies in memory together, and no budget counts it.
func (a *away) takenBytes(low int64) int {
	return keyed.TakenBytes(2 * low / int64(max(a.h.cfg.Tasks, 2)))
}

// Resident reports whether nothing is to be read before the next call.
func (a *away) Resident() bool { return a.read == nil }

// Load reads what the next call needs.
func (a *away) Load([]uint64, [op.KeyGroups / 64]uint64) error {
	read := a.read
	if a.read = nil; read == nil {
		return nil
	}
	return op.OutOfMemory(a.h.cfg.title(), read())
}

// Settles reports whether everything must be in the store before the next call.
func (h *Hash) Settles() bool { return h.away.settle }

// some reports whether some of the state is in the store alone.
func (a *away) some() bool {
	s := a.h.build
	return a.any || a.h.held.rows.HasAway() || s.byHash && s.rows.HasAway() || s.bare && s.table != nil && s.table.HasAway()
}

// movable reports whether rows may leave memory now: nobody remembers their numbers.
func (a *away) movable() bool {
	return (a.h.phase == building || a.h.phase == probing) && a.h.probe.in == nil
}

// lose notes that the build rows of a key group are not all in memory.
func (a *away) lose(group int) { a.groups[group], a.any = true, true }

// split makes here the rows of in whose build rows are in memory, and gone the others.
func (a *away) split(in *batch.Batch) {
	a.hereSel, a.goneSel = a.hereSel[:0], a.goneSel[:0]
	for i, hash := range a.h.held.hash(in) {
		row := uint16(in.Row(i)) //nolint:gosec // a row number of a batch
		if a.groups[hash>>groupShift] {
			a.goneSel = append(a.goneSel, row)
		} else {
			a.hereSel = append(a.hereSel, row)
		}
	}
	a.here.View(in, a.hereSel)
	a.gone.View(in, a.goneSel)
}

// look looks probe rows up of which the build rows are in memory, and holds the others.
func (a *away) look(in *batch.Batch, out *op.Output) (more bool, err error) {
	if a.h.probe.in == nil {
		if a.split(in); len(a.goneSel) > 0 {
			if err := a.h.held.add(&a.gone, out); err != nil {
				return false, err
			}
		}
		if len(a.hereSel) == 0 {
			return false, nil
		}
	}
	return a.h.probe.run(&a.here, false, out)
}

// begin begins to release or to finish: everything must be in the store for that.
func (a *away) begin() { a.settle, a.step, a.nextGroup = true, awaySettled, 0 }

// nextRange finds the next key groups, of which build rows are away or not, and answers false if there are none left.
func (a *away) nextRange(lost bool) (first, last uint64, ok bool) {
	for a.nextGroup < keyed.Groups && a.groups[a.nextGroup] != lost {
		a.nextGroup++
	}
	if a.nextGroup == keyed.Groups {
		return 0, 0, false
	}
	first = firstOf(a.nextGroup)
	for a.nextGroup < keyed.Groups && a.groups[a.nextGroup] == lost {
		a.nextGroup++
	}
	return first, firstOf(a.nextGroup) - 1, true
}

// release looks the held rows up of which the build rows are in memory, and answers more until there are none left.
func (a *away) release(out *op.Output) (more bool, err error) {
	held := a.h.held
	switch a.step {
	case awaySettled:
		a.settle = false
		held.rows.Unload()
		a.step = awayRange
	case awayRange:
		first, last, ok := a.nextRange(false)
		if !ok {
			return false, nil
		}
		a.pages.begin(first, last)
		a.step = awayPages
	default:
		more, err := a.turn(out, a.lookUp)
		if more || err != nil {
			return more, err
		}
		held.rows.DropStored(a.pages.first, a.pages.last)
		a.step = awayRange
	}
	return true, nil
}

// lookUp looks a page up, as far as a call may go.
func (a *away) lookUp(out *op.Output) error {
	_, err := a.h.probe.run(&a.h.held.b, true, out)
	return err
}

// finish does what is left to do when both inputs are over, and answers more until that is nothing.
func (a *away) finish(out *op.Output) (more bool, err error) {
	h, p := a.h, &a.piece
	switch a.step {
	case awaySettled:
		a.settle = false
		if _, err := a.shed(true); err != nil {
			return false, err
		}
		a.step = awayMemory
	case awayMemory:
		if h.rest != nil && h.finish(out) {
			return true, nil
		}
		h.probe.quiet = true
		h.build.unload()
		h.held.rows.Unload()
		a.step = awayRange
	case awayRange:
		first, last, ok := a.nextRange(true)
		if !ok {
			p.free(h.cfg.Budget)
			return false, nil
		}
		p.begin(first, last)
		a.step = awayPiece
	case awayPiece:
		a.read = a.readPiece
		a.step = awayPages
	case awayPages:
		more, err := a.turn(out, a.lookAmong)
		if more || err != nil {
			return more, err
		}
		h.last = keyed.Cursor{}
		a.step = awayPieceEnd
	case awayPieceEnd:
		if h.rest == nil || !h.finish(out) {
			h.build.unload()
			a.endPiece()
		}
	case awayVerdicts:
		more, err := a.turn(out, a.tell)
		if more || err != nil {
			return more, err
		}
		a.whole()
		a.nextPiece()
	}
	return true, nil
}

// endPiece goes on behind a piece.
func (a *away) endPiece() {
	p := &a.piece
	switch {
	case !p.partial:
		a.nextPiece()
	case !p.complete:
		a.step = awayPiece
	default:
		a.pages.begin(p.first, p.last)
		a.step = awayVerdicts
	}
}

// nextPiece goes on to the next piece of the key groups, or to the next ones.
func (a *away) nextPiece() {
	p := &a.piece
	if a.step = awayPiece; p.last == p.end {
		a.step = awayRange
		return
	}
	p.begin(p.last+1, p.end)
}

// turn gives pages of held rows to look, one after the other, and answers false when there are no more.
func (a *away) turn(out *op.Output, look func(*op.Output) error) (more bool, err error) {
	g := &a.pages
	if a.h.probe.in == nil && !g.ready {
		if g.over {
			return false, nil
		}
		a.read = a.readPage
		return true, nil
	}
	if g.fresh = g.fresh && (a.h.build.bare || a.h.build.byHash); g.fresh { // what the rows need is declared before the next call
		g.fresh = false
		return true, nil
	}
	if err := look(out); err != nil {
		return false, err
	}
	if g.ready = a.h.probe.in != nil; !g.ready {
		g.before += g.entries.Len()
	}
	return true, nil
}
