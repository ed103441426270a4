package aggregate

import (
	"slices"

	"wire.example/wire/internal/expr/aggregate"
	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/foundation/memory"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/internal/state/timer"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// groups is the state of both operators: the groups, and what is known of each.
type groups struct {
	config *Config
	pool   *batch.Pool
	budget *limit.Budget
	// partial: what comes out are partial answers, of differences where rows are taken back.
	partial bool
	// record is what is kept of each group and is small: the marks, numbers and cells of calls, in one place.
	record *memory.Record
	// table is nil where there is only one group, which has slot 0; touched says that a row came then.
	table   *keyed.Table
	touched bool
	calls   []*call
	// sets are the masks of the sets, one without grouping sets.
	sets []set

	// hasher hashes the key columns of a view, partition those of the input by which it is exchanged, unless they are the same.
	hasher, partition *keyed.Hasher
	view              batch.Batch
	number            *batch.Column // the number of the set, for each row
	slots             []uint32
	all               selection
	filters           []*filtered

	// changes is nil where the groups are asked only once, at the end.
	changes *changes
	// rows are the rows of each group, nil where none is taken back.
	rows    *keyed.Slab[int64]
	counted counted
	// numbers is nil where nothing is kept beside the groups, or there is one alone.
	numbers *numbering
	seen    []*seen
	// note is told of rows by which values came to be, nil if nobody asks.
	note func(rows *selection) error
	// expiry is nil where groups are kept for good.
	expiry *expiry
}

// set is one grouping set.
type set struct {
	missing int64
	// columns are the key columns: ordinals of the input, NoColumn for a key that is not in the set.
	columns []int
	// nulls are columns of NULLs for those.
	nulls []*batch.Column
}

// selection is rows of a batch, each with its slot and the hash that says which key group it belongs to.
type selection struct {
	n      int
	rows   []uint16 // nil: the first n
	slots  []uint32 // nil: all slot 0
	hashes []uint64 // nil: all key group 0
	// minus says which rows are taken back; nil: none. halves is memory to tell them apart.
	minus  []bool
	halves *halves
}

// slot returns the slot of row i of the selection.
func (s *selection) slot(i int) uint32 {
	if s.slots == nil {
		return 0
	}
	return s.slots[i]
}

// filtered is what a filter leaves: positions in the selection of the whole batch, and the selection of those.
type filtered struct {
	column    int
	positions []uint16
	picked    picked
	current   bool // picked is that of the current set
}

// row returns the number in the batch of row i of the selection.
func (s *selection) row(i int) int {
	if s.rows == nil {
		return i
	}
	return int(s.rows[i])
}

// picked is memory for a selection.
type picked struct {
	selection
	rowsOf   []uint16
	slotsOf  []uint32
	hashesOf []uint64
	minusOf  []bool
	halvesOf *halves
}

func newGroups(pool *batch.Pool, budget *limit.Budget, config *Config, partial bool) *groups {
	g := &groups{config: config, pool: pool, budget: budget, partial: partial, record: memory.NewRecord(budget)}
	types := config.prefix()
	if len(types) > 0 {
		g.table = keyed.NewTable(pool, types, config.Name, budget)
		columns := make([]int, len(types))
		for i := range columns {
			columns[i] = i
		}
		g.hasher = keyed.NewHasher(columns)
		if p := config.partition(); len(p) > 0 && (config.Sets != nil || config.pieced != nil) {
			g.partition = keyed.NewHasher(p)
		}
	}
	if config.Sets != nil {
		g.number = batch.NewColumn(pool, schema.Of(schema.Int64))
	}
	if config.Retracts {
		g.rows = memory.Field[int64](g.record)
	}
	if config.TTL > 0 && !partial {
		g.expiry = &expiry{Sweep: timer.NewSweep(config.TTL), last: memory.Field[int64](g.record), live: keyed.NewList[int64](budget)}
	}
	g.makeSets()
	g.all.halves = &halves{}
	for i := range config.Calls {
		g.calls = append(g.calls, newCall(g, &config.Calls[i], len(g.calls), partial))
	}
	g.slots = make([]uint32, 1)
	if config.Changes && !partial {
		g.changes = newChanges(g)
		g.changes.record()
	}
	return g
}

func (g *groups) makeSets() {
	if g.config.Sets == nil || g.config.Merge {
		g.sets = []set{{columns: g.config.Keys}}
		if g.config.Sets != nil {
			g.sets[0].columns = slices.Concat(g.config.Keys, []int{g.config.SetColumn})
		}
		return
	}
	nulls := make([]*batch.Column, len(g.config.Keys))
	for _, places := range g.config.Sets {
		s := set{missing: g.config.missing(places)}
		for i, k := range g.config.Keys {
			if s.missing>>i&1 != 0 {
				if nulls[i] == nil {
					nulls[i] = batch.NewColumn(g.pool, g.config.Types[k])
				}
				k = NoColumn
			}
			s.columns = append(s.columns, k)
			s.nulls = append(s.nulls, nulls[i])
		}
		g.sets = append(g.sets, s)
	}
}

// absorb adds the rows of in to their groups.
func (g *groups) absorb(in *batch.Batch) error {
	if in.Rows() == 0 {
		return nil
	}
	g.touched = true
	g.counted.reduced, g.counted.unmatched = true, 0
	var minus []bool
	if g.rows != nil {
		minus = g.signs(in)
	}
	partition := g.placesOf(in)
	for i := range g.sets {
		if err := g.absorbSet(in, i, partition, minus); err != nil {
			return op.OutOfMemory(g.config.Name, err)
		}
	}
	return nil
}

// placesOf hashes the columns that rows are exchanged by, if those are not the keys of their groups: nil if they are.
func (g *groups) placesOf(in *batch.Batch) []uint64 {
	if g.partition == nil {
		return nil
	}
	return g.partition.Hash(in)
}

// absorbSet adds the rows to their groups of one set.
func (g *groups) absorbSet(in *batch.Batch, i int, partition []uint64, minus []bool) error {
	g.all = selection{n: in.Rows(), rows: in.Sel, halves: g.all.halves}
	if g.counted.reduced {
		g.counted.reduced = false
		for _, f := range g.filters {
			f.find(in)
		}
	}
	if err := g.enter(in, i, partition); err != nil {
		return err
	}
	if g.changes != nil {
		if err := g.changes.touch(g.all.slots); err != nil {
			return err
		}
	}
	if g.rows != nil {
		g.count(in, minus, i == 0)
	}
	for _, f := range g.filters {
		f.current = false
	}
	if g.numbers != nil {
		g.numbers.fill(&g.all, in.Len)
	}
	for _, c := range g.calls {
		if c.distinct {
			continue
		}
		if err := c.add(in, g.of(c.filter)); err != nil {
			return err
		}
	}
	for _, s := range g.seen {
		if err := s.add(in); err != nil {
			return err
		}
	}
	return nil
}

// enter finds the groups of g.all, new ones included.
func (g *groups) enter(in *batch.Batch, i int, partition []uint64) error {
	if g.table == nil {
		return g.grow(1)
	}
	hashes := g.hashes(in, i, partition)
	g.slots = roomFor(g.slots, g.all.n)
	g.all.hashes, g.all.slots = hashes, g.slots[:g.all.n]
	fresh, err := g.table.Upsert(hashes, g.view.Cols, in.Sel, g.all.slots)
	if err != nil {
		return err
	}
	if len(fresh) > 0 {
		if err := g.grow(g.table.Limit()); err != nil {
			return err
		}
		if g.numbers != nil {
			g.numbers.name(fresh, g.all.slots, hashes)
		}
	}
	if g.config.pieced == nil { // else they stay as they are
		if err := g.table.Touch(g.all.slots); err != nil {
			return err
		}
	}
	if g.expiry != nil {
		return g.renew(g.all.slots, fresh, hashes)
	}
	return nil
}

// roomFor returns memory for n values of the rows of a batch: of if it has room, else at least twice as much. An operator of few rows, one of many windows, has little of it.
func roomFor[T any](of []T, n int) []T {
	if cap(of) >= n {
		return of[:cap(of)]
	}
	return make([]T, max(n, min(2*cap(of), batch.MaxRows)))
}

// hashes makes the view of the key columns of a set and hashes it, for the key groups of partition if there are such.
func (g *groups) hashes(in *batch.Batch, i int, partition []uint64) []uint64 {
	g.keys(in, i)
	hashes := g.hasher.Hash(&g.view)
	if partition != nil {
		keyed.Place(hashes, partition)
	}
	return hashes
}

// upsertEmpty makes the group of the empty set with number i, unless it is there.
func (g *groups) upsertEmpty(i int) error {
	hashes := g.emptyKey(i)
	fresh, err := g.table.Upsert(hashes, g.view.Cols, nil, g.slots[:1])
	g.releaseEmptyKey()
	if err != nil {
		return err
	}
	if err := g.grow(g.table.Limit()); err != nil {
		return err
	}
	if g.numbers != nil {
		g.numbers.name(fresh, g.slots, hashes)
	}
	return nil
}

// emptyKey makes the view the key of the group of the empty set with number i, and hashes it. releaseEmptyKey gives the memory back.
func (g *groups) emptyKey(i int) []uint64 {
	g.view.Len, g.view.Sel, g.view.Cols = 1, nil, g.view.Cols[:0]
	for _, t := range g.config.keyTypes() {
		col := batch.NewColumn(g.pool, t)
		col.Reset(1)
		col.SetAllNull()
		g.view.Cols = append(g.view.Cols, col)
	}
	g.number.Reset(1)
	g.number.Int64s()[0] = int64(i)
	g.view.Cols = append(g.view.Cols, g.number)
	return g.hasher.Hash(&g.view)
}

func (g *groups) releaseEmptyKey() {
	for _, col := range g.view.Cols[:len(g.config.Keys)] {
		col.Release()
	}
}

// keys makes the view of the key columns of a set.
func (g *groups) keys(in *batch.Batch, i int) {
	s := &g.sets[i]
	g.view.Len, g.view.Sel, g.view.Cols = in.Len, in.Sel, g.view.Cols[:0]
	for k, column := range s.columns {
		if column == NoColumn {
			if nulls := s.nulls[k]; nulls.Len() != in.Len {
				nulls.Reset(in.Len)
				nulls.SetAllNull()
			}
			g.view.Cols = append(g.view.Cols, s.nulls[k])
			continue
		}
		g.view.Cols = append(g.view.Cols, in.Cols[column])
	}
	if g.config.Sets != nil && !g.config.Merge {
		g.number.Reset(in.Len)
		numbers := g.number.Int64s()
		for row := range numbers {
			numbers[row] = int64(i)
		}
		g.view.Cols = append(g.view.Cols, g.number)
	}
}

// grow makes slots 0 to n-1 usable.
func (g *groups) grow(n int) error {
	if g.changes != nil {
		if err := g.changes.grow(n); err != nil {
			return err
		}
	}
	if g.rows != nil {
		if err := g.rows.Grow(n); err != nil {
			return err
		}
	}
	if g.numbers != nil {
		if err := g.numbers.of.Grow(n); err != nil {
			return err
		}
	}
	if g.expiry != nil {
		if err := g.expiry.last.Grow(n); err != nil {
			return err
		}
	}
	for _, c := range g.calls {
		if err := c.grow(n); err != nil {
			return err
		}
	}
	return nil
}

// of returns the rows for which a filter column is true.
func (g *groups) of(column int) *selection {
	if column == NoColumn {
		return &g.all
	}
	f := g.filtered(column)
	if !f.current {
		f.picked.pick(&g.all, f.positions)
		f.current = true
	}
	return &f.picked.selection
}

// filtered returns what a filter column leaves.
func (g *groups) filtered(column int) *filtered {
	for _, f := range g.filters {
		if f.column == column {
			return f
		}
	}
	panic("aggregate: a filter that was not announced")
}

// filter announces a filter column.
func (g *groups) filter(column int) {
	if column == NoColumn {
		return
	}
	for _, f := range g.filters {
		if f.column == column {
			return
		}
	}
	g.filters = append(g.filters, &filtered{column: column})
}

// find finds the rows of in for which the filter is true.
func (f *filtered) find(in *batch.Batch) {
	col := in.Cols[f.column]
	values := col.Bits()
	f.positions = f.positions[:0]
	for i := range in.Rows() {
		if row := in.Row(i); values.Get(row) && !col.IsNull(row) {
			f.positions = append(f.positions, uint16(i)) //nolint:gosec // a row number of a batch
		}
	}
}

// pick makes p the rows of s at positions.
func (p *picked) pick(s *selection, positions []uint16) {
	p.n = len(positions)
	p.rowsOf, p.slotsOf, p.hashesOf = p.rowsOf[:0], p.slotsOf[:0], p.hashesOf[:0]
	for _, i := range positions {
		row := i
		if s.rows != nil {
			row = s.rows[i]
		}
		p.rowsOf = append(p.rowsOf, row)
	}
	p.rows, p.slots, p.hashes, p.minus = p.rowsOf, nil, nil, nil
	if s.minus != nil {
		p.minusOf = p.minusOf[:0]
		for _, i := range positions {
			p.minusOf = append(p.minusOf, s.minus[i])
		}
		if p.halvesOf == nil {
			p.halvesOf = &halves{}
		}
		p.minus, p.halves = p.minusOf, p.halvesOf
		p.halvesOf.done = false
	}
	if s.slots != nil {
		for _, i := range positions {
			p.slotsOf, p.hashesOf = append(p.slotsOf, s.slots[i]), append(p.hashesOf, s.hashes[i])
		}
		p.slots, p.hashes = p.slotsOf, p.hashesOf
	}
}

// rowsOf returns the selection as a state takes it.
func (s *selection) rowsOf(args []*batch.Column) aggregate.Rows {
	return aggregate.Rows{Slots: s.slots, Rows: s.rows, N: s.n, Args: args}
}

// remake makes the record anew, and all that lies in it.
func (g *groups) remake() {
	g.record = memory.NewRecord(g.budget)
	if g.rows != nil {
		g.rows = memory.Field[int64](g.record)
	}
	if g.expiry != nil {
		g.expiry.last = memory.Field[int64](g.record)
	}
	switch {
	case g.numbers == nil:
	case g.numbers.stored:
		g.numbers.of.Free()
	default:
		g.numbers.of = memory.Field[int64](g.record)
	}
	for _, c := range g.calls {
		if c.ordered == nil {
			c.makeState()
		}
	}
	if g.changes != nil {
		g.changes.record()
	}
}

// free drops all groups and gives the memory back.
func (g *groups) free() {
	if g.table != nil {
		g.table.Free()
	}
	g.touched = false
	g.record.Free()
	for _, c := range g.calls {
		c.free()
	}
	if g.changes != nil {
		g.changes.free()
	}
	for _, s := range g.seen {
		s.free()
	}
	g.remake()
}
