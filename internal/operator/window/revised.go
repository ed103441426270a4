package window

import (
	"fmt"
	"math"
	"slices"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// level is how far others know of rows.
type level uint8

// The levels. What a cell has of each is in no other.
const (
	// known: all windows that show anything show it. Of windows that have not closed nothing is shown where answers are given when they close.
	known level = iota
	// waiting: windows that have closed show it, the others will when the interval is over.
	waiting
	// fresh: the next flush tells of it.
	fresh
	levels
)

// cell is what a key's rows of a slice add up to.
type cell struct {
	// older and newer are the cell's neighbours among those of its key, which are in the order of their slices: by the ends of the last windows, then of the first.
	older, newer uint32
	// peer is the next of the slice, or the next free cell, prior the one before it of the slice.
	peer, prior uint32
	key, slice  uint32
	// sums are partials, by level; none where there are no rows.
	sums [levels]uint32
	// front is the sum of this cell and those behind it that have a front, too; see ring.
	front uint32
}

// ring is what is known of a key: its cells, and what those of the windows that close next add up to, of rows that are known. That is a queue made of two stacks, as in run, but the sums
// lie beside the cells, whose rows can still be told apart: back is the sum of the known rows of cells without front.
type ring struct {
	oldest, newest uint32
	// live is the oldest cell of a slice with a window that has not closed.
	live uint32
	back uint32
	// inside is how many cells count in back and fronts, fronts how many have a front.
	inside, fronts uint32
	// from is the end of the first window that a revision under way has to look at; noRevision if there is none.
	from int64
	// load is the number of the load that has brought the key, 0 if none has.
	load uint32
}

const noRevision = math.MaxInt64

func noRing() ring {
	return ring{oldest: none, newest: none, live: none, back: none, from: noRevision}
}

// Revised makes rows of groups and windows out of slices, as a Sliced does, and corrects them: it shows windows before they close, or when they close and corrects
// them behind that. Its output is a changelog.
type Revised struct {
	cfg    SlicedConfig
	shape  Shape
	pool   *batch.Pool
	budget *limit.Budget
	table  *keyed.Table // nil: there is one key, in slot 0
	hasher *keyed.Hasher
	tables []op.Table

	sums  *partials
	rings *keyed.Slab[ring]
	cells *keyed.Slab[cell]
	used  uint32 // cells that were ever used
	free  uint32 // the first of those that are free
	idle  int    // how many are free
	// list are the slices that there are, by number, nil for one that is over; index are the same.
	list  []*slice
	spare []uint32
	index map[[2]int64]*slice
	// open are the slices of which no window has closed, by their first; inside those of which some have, by their last; past those of which all have, by their last.
	// With OnUpdate all are in past: nothing depends on what has closed.
	open, inside, past []*slice
	// fresh and waiting are cells with such rows.
	fresh, waiting cellList

	// mark is how far the time has come that closes windows; clock is processing time. Windows that end at fired or before have closed.
	mark, clock, fired int64
	// firing: the window that ends at end is being answered; cursor and due say how far, once that the only key was.
	firing bool
	end    int64
	cursor keyed.Cursor
	once   bool
	due    cellList
	dueAt  int
	revise revision
	rows   revisedRows
	batch  rowsOfCells

	kept  *keyed.Cells
	keeps bool
	// aware are key groups, a bit for each, of which it was restored how far windows have closed; stale: what follows from restored cells is not made yet.
	aware groupSet
	stale bool
	// away is nil where all keys stay in memory. hurried: what waits for its interval takes so much memory that it does not wait any longer. ticking is how far telling of an interval that is over has come.
	away    *revisedAway
	hurried bool
	ticking tickPhase
}

// rowsOfCells are the rows of a batch with their cells, and the partials that they are added to.
type rowsOfCells struct {
	keys   []uint32
	cells  []uint32
	levels []level
	sums   []uint32
	rows   []uint16
	cols   []*batch.Column
	late   []uint32 // keys of rows that were left out
}

// mostFresh is how many cells may have rows that nobody was told of before the operator flushes by itself.
const mostFresh = 1 << 14

// NewRevised returns the operator that config describes, whose output is a changelog. Its state is reserved in budget.
func NewRevised(pool *batch.Pool, budget *limit.Budget, config SlicedConfig) (*Revised, error) {
	if err := config.validate(); err != nil {
		return nil, err
	}
	if !config.changes() {
		return nil, fmt.Errorf("%s: nothing changes that windows have answered", config.Name)
	}
	r := &Revised{cfg: config, shape: config.Shape.normal(), pool: pool, budget: budget, free: none, fired: math.MinInt64, mark: math.MinInt64, clock: math.MinInt64}
	r.index = map[[2]int64]*slice{}
	r.sums, r.rings, r.cells = newPartials(&r.cfg.Config, pool, budget), keyed.NewSlab[ring](budget), keyed.NewSlab[cell](budget)
	r.fresh.budget, r.waiting.budget, r.due.budget, r.revise.keys.budget = budget, budget, budget, budget
	if len(config.Keys) > 0 {
		var types []schema.Type
		for _, k := range config.Keys {
			types = append(types, config.Types[k])
		}
		r.table, r.hasher = keyed.NewTable(pool, types, config.Name, budget), keyed.NewHasher(config.Keys)
		r.tables = []op.Table{&revisedTable{r}}
	}
	r.batch.keys = make([]uint32, batch.MaxRows)
	r.rows.init(r)
	r.kept = r.newKept()
	return r, nil
}

// Tables are that of the keys.
func (r *Revised) Tables() []op.Table { return r.tables }

// Needs declares the keys of the rows that come; all for an event, and where the rows may be those that make the operator flush. Where keys may leave memory, what a flush looks at has not left it, and an
// event needs the key groups that it goes through next.
func (r *Revised) Needs(_ int, in *batch.Batch, needs *op.Needs) {
	switch {
	case r.table == nil:
	case r.away != nil && in == nil:
		r.away.page.needs(needs)
	case r.away != nil:
		needs.Keys(0, r.hasher.Hash(in))
	case in == nil || len(r.fresh.list)+in.Rows() >= mostFresh || r.stale:
		needs.All(0)
	default:
		needs.Keys(0, r.hasher.Hash(in))
	}
}

// Apply adds rows to the cells of their keys.
func (r *Revised) Apply(in *batch.Batch, out *op.Output) (more bool, err error) {
	if !r.revise.running {
		if err := r.absorb(in, out); err != nil {
			return false, op.OutOfMemory(r.cfg.Name, err)
		}
		if len(r.fresh.list) < mostFresh {
			return false, nil
		}
	}
	return r.flush(out)
}

func (r *Revised) absorb(in *batch.Batch, out *op.Output) error {
	out.Counts.In += int64(in.Rows())
	if in.Rows() == 0 {
		return nil
	}
	if err := r.settleRestored(); err != nil {
		return err
	}
	if err := r.findKeys(in); err != nil {
		return err
	}
	if err := r.findCells(in, out); err != nil {
		return err
	}
	b := &r.batch
	if err := r.kept.Touch(b.cells); err != nil {
		return err
	}
	if err := r.findSums(); err != nil {
		return err
	}
	out.Counts.Absorbed += int64(len(b.rows))
	rows := b.rows
	if len(rows) == in.Len {
		rows = nil // all, in their order
	}
	for _, c := range r.sums.calls {
		if err := c.add(in, rows, b.sums, r.cfg.Merge); err != nil {
			return err
		}
	}
	return nil
}

// findKeys finds the slots of the keys of in.
func (r *Revised) findKeys(in *batch.Batch) error {
	var hashes []uint64
	if r.batch.cols = r.batch.cols[:0]; r.table != nil {
		hashes = r.hasher.Hash(in)
		for _, k := range r.cfg.Keys {
			r.batch.cols = append(r.batch.cols, in.Cols[k])
		}
	}
	return keyed.Places(r.table, hashes, r.batch.cols, in.Sel, r.batch.keys[:in.Rows()], r.rings, noRing())
}

// findCells finds the cells of the rows of in. Rows whose windows are over are left out.
func (r *Revised) findCells(in *batch.Batch, out *op.Output) error {
	firsts, lasts := in.Cols[r.cfg.Start].Int64s(), in.Cols[r.cfg.End].Int64s()
	b := &r.batch
	b.rows, b.cells, b.levels = b.rows[:0], b.cells[:0], b.levels[:0]
	var at *slice
	var of level
	for i := range in.Rows() {
		row := in.Row(i)
		if at == nil || firsts[row] != at.first || lasts[row] != at.last {
			if at = r.slice(firsts[row], lasts[row]); at == nil {
				out.Counts.Late++
				b.late = append(b.late, b.keys[i])
				continue
			}
			of = r.levelOf(at)
		}
		id, err := r.cellOf(b.keys[i], at)
		if err != nil {
			return err
		}
		b.cells, b.levels = append(b.cells, id), append(b.levels, of)
		b.rows = append(b.rows, uint16(row)) //nolint:gosec // a row number of a batch
	}
	if len(b.late) == 0 {
		return nil
	}
	slices.Sort(b.late)
	for _, key := range slices.Compact(b.late) {
		if err := r.tidy(key); err != nil {
			return err
		}
	}
	b.late = b.late[:0]
	return nil
}

// levelOf is where rows of a slice are put that come now.
func (r *Revised) levelOf(at *slice) level {
	switch {
	case r.cfg.Emission == OnUpdate || at.first <= r.fired:
		return fresh
	case r.cfg.Emission == Periodically:
		return waiting
	default:
		return known
	}
}

// findSums finds the partials that the rows of the batch are added to.
func (r *Revised) findSums() error {
	b := &r.batch
	b.sums = b.sums[:0]
	for i, id := range b.cells {
		place := &r.cells.At(id).sums[b.levels[i]]
		if *place == none {
			n, err := r.sums.take()
			if err != nil {
				return err
			}
			*place = n
			if err := r.enlist(id, b.levels[i]); err != nil {
				return err
			}
		}
		b.sums = append(b.sums, *place)
	}
	return nil
}

// enlist notes a cell that has rows of a level which it had none of.
func (r *Revised) enlist(id uint32, of level) error {
	switch of {
	case waiting:
		return r.waiting.push(id)
	case fresh:
		return r.fresh.push(id)
	default:
		return nil
	}
}

// cellList is a list of cells.
type cellList struct {
	list   []uint32
	budget *limit.Budget
	held   int64
}

const cellNumberBytes = 4

func (l *cellList) push(id uint32) error {
	if len(l.list) == cap(l.list) {
		room := max(64, cap(l.list)*2)
		if err := l.budget.Reserve(int64(room) * cellNumberBytes); err != nil {
			return err
		}
		grown := make([]uint32, len(l.list), room)
		copy(grown, l.list)
		l.budget.Release(l.held)
		l.list, l.held = grown, int64(room)*cellNumberBytes
	}
	l.list = append(l.list, id)
	return nil
}

func (l *cellList) release() {
	l.budget.Release(l.held)
	l.list, l.held = nil, 0
}
