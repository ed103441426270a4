package aggregate

import (
	"slices"

	"wire.example/wire/internal/expr/aggregate"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// chain is the rows of a group, in the order in which they came: the first, the last, and how many.
type chain struct {
	first, last uint32
	n           uint32
}

// ordered keeps the rows of a call until they can be sorted.
type ordered struct {
	call *call
	// columns are the columns of the input that rows keeps; args and keys are places in them, NoColumn for an argument that is a constant.
	columns []int
	args    []int
	order   *keyed.Order
	rows    *keyed.Rows
	types   []schema.Type // of the rows
	chains  *keyed.Slab[chain]
	// numberOf are the numbers of the groups of rows that are chained and stored one by one, else nil.
	numberOf *keyed.Slab[int64]
	// scan answers for one group at a time; functions without one get a state, of which each group of a piece has a slot.
	scan  aggregate.Scan
	state aggregate.State
	// ranking is nil where the answer is asked for only once; rows are not chained where there is one.
	ranking *ranking

	cols  []*batch.Column
	ids   []uint32
	held  int64 // bytes reserved for ids
	given []*batch.Column
	// queued are rows that are added to the state next, for owners; numbers are all those.
	queued, owners, numbers []uint32
	pass                    aggregate.Rows
	part                    rowsPart
	// linking: rows that are loaded are put into lists. leaving are rows that leave memory next, before how many those were before the last group.
	linking bool
	leaving []uint32
	before  int
}

func newOrdered(c *call, keys []keyed.Key) *ordered {
	o := &ordered{call: c}
	g := c.groups
	direct := c.config.Direct
	for i, column := range c.config.Args {
		if c.config.Function.Class == aggregate.OrderedSet && i < len(direct) && direct[i] != nil {
			o.args = append(o.args, NoColumn)
			continue
		}
		o.args = append(o.args, o.place(column))
	}
	local := make([]keyed.Key, len(keys))
	for i, k := range keys {
		local[i] = keyed.Key{Column: o.place(k.Column), Desc: k.Desc, NullsFirst: k.NullsFirst}
	}
	types := make([]schema.Type, len(o.columns))
	for i, column := range o.columns {
		types[i] = g.config.Types[column]
	}
	if g.config.Changes || g.config.Retracts {
		types = newRanking(o, types, local)
	} else {
		o.order = keyed.NewOrder(types, local)
		o.rows = keyed.NewRows(g.pool, types, 1, g.config.Name, g.budget)
		o.chains = keyed.NewSlab[chain](g.budget)
	}
	o.types = types
	for _, t := range types {
		o.given = append(o.given, batch.NewColumn(g.pool, t))
	}
	if f := c.config.Function; f.Order == aggregate.SortedOrder {
		o.scan = f.NewScan(&c.spec)
	} else {
		o.state = f.NewState(&c.spec)
	}
	return o
}

// place returns where rows keeps a column of the input.
func (o *ordered) place(column int) int {
	at := slices.Index(o.columns, column)
	if at < 0 {
		at = len(o.columns)
		o.columns = append(o.columns, column)
	}
	return at
}

// keep keeps rows of in.
func (o *ordered) keep(in *batch.Batch, rows *selection) error {
	o.cols = o.cols[:0]
	for _, column := range o.columns {
		o.cols = append(o.cols, in.Cols[column])
	}
	if err := o.room(rows.n); err != nil {
		return err
	}
	if o.ranking != nil {
		return o.move(rows)
	}
	ids := o.ids[:rows.n]
	if err := o.rows.Append(o.cols, rows.hashes, rows.rows, ids); err != nil {
		return err
	}
	for i, id := range ids {
		o.chain(rows.slot(i), id)
	}
	if o.numberOf != nil {
		return o.owned(ids, rows)
	}
	return nil
}

// chain makes a row the last of a group.
func (o *ordered) chain(slot, id uint32) {
	c := o.chains.At(slot)
	if c.n == 0 {
		c.first = id
	} else {
		*o.rows.Link(c.last, 0) = id
	}
	c.last = id
	c.n++
}

// move puts rows of o.cols into lists, and takes those out that are taken back.
func (o *ordered) move(rows *selection) error {
	if o.ranking.number != NoColumn {
		o.cols = append(o.cols, o.call.groups.numbers.column)
	}
	if rows.minus == nil {
		return o.rank(rows)
	}
	h := rows.parted()
	if h.plus.n > 0 {
		if err := o.rank(&h.plus.selection); err != nil {
			return err
		}
	}
	return o.unrank(&h.minus.selection)
}

// grow makes slots 0 to n-1 usable.
func (o *ordered) grow(n int) error {
	if o.ranking != nil {
		return o.ranking.heads.Grow(n)
	}
	return o.chains.Grow(n)
}

// drop makes a slot empty. Rows that are chained stay where they are.
func (o *ordered) drop(slot uint32) error {
	if o.ranking != nil {
		return o.clear(slot)
	}
	*o.chains.At(slot) = chain{}
	return nil
}

// leastIDs is how many row numbers there is room for at least.
const leastIDs = 64

// room makes ids long enough for n numbers.
func (o *ordered) room(n int) error {
	if n <= len(o.ids) {
		return nil
	}
	n = max(n, min(2*len(o.ids), len(o.ids)+1<<20), leastIDs)
	if err := o.call.groups.budget.Reserve(int64(4 * (n - len(o.ids)))); err != nil {
		return err
	}
	o.held += int64(4 * (n - len(o.ids)))
	o.ids = append(o.ids, make([]uint32, n-len(o.ids))...)
	return nil
}

// sorted returns the rows of a group in order, lent until the next call.
func (o *ordered) sorted(slot uint32) ([]uint32, error) {
	if r := o.ranking; r != nil {
		if err := o.room(r.lists.Len(r.root(slot))); err != nil {
			return nil, err
		}
		return o.listed(slot, o.ids[:0]), nil
	}
	c := o.chains.At(slot)
	if err := o.room(int(c.n)); err != nil {
		return nil, err
	}
	ids := o.ids[:c.n]
	for i, id := 0, c.first; i < len(ids); i, id = i+1, *o.rows.Link(id, 0) {
		ids[i] = id
	}
	return ids, o.order.Sort(o.rows, ids)
}

// result makes out the answers of slots.
func (o *ordered) result(slots []uint32, out *batch.Column, failed *failures) error {
	if o.scan != nil {
		return o.scanned(slots, out, failed)
	}
	if err := o.state.Grow(len(slots)); err != nil {
		return err
	}
	o.numbers, o.queued, o.owners = o.numbers[:0], o.queued[:0], o.owners[:0]
	for i, slot := range slots {
		number := uint32(i) //nolint:gosec // a row number of a batch
		o.numbers = append(o.numbers, number)
		ids, err := o.sorted(slot)
		if err != nil {
			return err
		}
		for _, id := range ids {
			if o.queued, o.owners = append(o.queued, id), append(o.owners, number); len(o.queued) < batch.MaxRows {
				continue
			}
			if err := o.feed(); err != nil {
				return err
			}
		}
	}
	if err := o.feed(); err != nil {
		return err
	}
	failed.errs.Reset()
	o.state.Result(o.numbers, out, &failed.errs)
	failed.note()
	for _, n := range o.numbers {
		o.state.Free(n)
	}
	return nil
}

// feed adds the rows that are queued to the state, under the numbers of their owners.
func (o *ordered) feed() error {
	owners := o.owners
	err := o.each(o.queued, func(rows *aggregate.Rows) error {
		rows.Slots = owners
		return o.state.Add(rows)
	})
	o.queued, o.owners = o.queued[:0], o.owners[:0]
	return err
}

// scanned is result by a scan.
func (o *ordered) scanned(slots []uint32, out *batch.Column, failed *failures) error {
	out.Reset(len(slots))
	picker, picks := o.scan.(aggregate.Picker)
	for i, slot := range slots {
		var err error
		if picks && o.ranking != nil && o.ranking.root(slot) != keyed.NoRow {
			err = o.pick(picker, slot)
		} else {
			err = o.scanAll(slot)
		}
		if err != nil {
			return err
		}
		if bad := o.scan.Result(out, i); bad != nil {
			failed.add(i, bad)
		}
	}
	return nil
}

// scanAll gives the scan all rows of a group.
func (o *ordered) scanAll(slot uint32) error {
	ids, err := o.sorted(slot)
	if err != nil {
		return err
	}
	o.scan.Begin(int64(len(ids)))
	return o.each(ids, func(rows *aggregate.Rows) error {
		o.scan.Add(rows)
		return nil
	})
}

// pick gives the scan the rows of a group that it asks for.
func (o *ordered) pick(picker aggregate.Picker, slot uint32) error {
	r := o.ranking
	root := r.root(slot)
	if err := o.room(1); err != nil {
		return err
	}
	o.ids[0] = r.lists.First(root)
	var numbers []int64
	err := o.each(o.ids[:1], func(rows *aggregate.Rows) error {
		numbers = picker.Pick(int64(r.lists.Len(root)), rows)
		return nil
	})
	if err != nil {
		return err
	}
	if err := o.room(len(numbers)); err != nil {
		return err
	}
	for i, n := range numbers {
		o.ids[i] = r.lists.At(root, int(n))
	}
	return o.each(o.ids[:len(numbers)], func(rows *aggregate.Rows) error {
		picker.AddPicked(rows)
		return nil
	})
}

// each gives rows to f, as many at a time as a batch holds.
func (o *ordered) each(ids []uint32, f func(rows *aggregate.Rows) error) error {
	for len(ids) > 0 {
		n := min(len(ids), batch.MaxRows)
		o.rows.Gather(ids[:n], o.given)
		rows := &o.pass
		*rows = aggregate.Rows{N: n, Args: rows.Args[:0]}
		for i, at := range o.args {
			if at == NoColumn {
				rows.Args = append(rows.Args, o.call.config.Direct[i])
				continue
			}
			rows.Args = append(rows.Args, o.given[at])
		}
		if err := f(rows); err != nil {
			return err
		}
		ids = ids[n:]
	}
	return nil
}

// free gives all memory back; the rows may be used again.
func (o *ordered) free() {
	o.rows.Free()
	o.chains.Free()
	o.numberOf.Free()
	if o.ranking != nil {
		o.ranking.lists.Free()
		o.ranking.heads.Free()
	}
	o.call.groups.budget.Release(o.held)
	o.ids, o.held = nil, 0
	if o.state != nil {
		o.state.Close()
		o.state = o.call.config.Function.NewState(&o.call.spec)
	}
}
