package aggregate

import (
	"slices"

	"wire.example/wire/internal/expr/aggregate"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
)

// call is one aggregate over all groups.
type call struct {
	config *Call
	groups *groups
	number int
	spec   aggregate.Spec
	// state is what is kept by slot. A call that needs its rows in order has none but for the groups that are being emitted: see ordered.
	state   aggregate.State
	ordered *ordered // nil where rows need no order
	// distinct: the values were looked up among those seen.
	distinct bool
	// skipped: the call is left to others.
	skipped bool
	merge   bool
	strict  bool
	filter  int

	args  []*batch.Column
	at    []uint16
	valid picked
}

func newCall(g *groups, config *Call, number int, partial bool) *call {
	if g.config.Retracts && config.Function.Name == "approx_count_distinct" {
		config = counting(config)
	}
	c := &call{config: config, groups: g, number: number, merge: g.config.Merge}
	f := config.Function
	c.skipped = partial && g.config.Split && config.isSplit()
	direct := f.DirectArgs(len(config.ArgTypes))
	c.spec = aggregate.Spec{Args: config.ArgTypes, Direct: config.Direct, Retracts: g.config.Retracts, Pool: g.pool, Budget: g.budget}
	if f.Class != aggregate.Plain {
		for _, k := range config.OrderBy {
			c.spec.Sort = append(c.spec.Sort, aggregate.Sort{Desc: k.Desc, NullsFirst: k.NullsFirst})
		}
	}
	if c.merge {
		c.filter = NoColumn
		c.makeState()
		return c
	}
	c.filter = config.Filter
	g.filter(config.Filter)
	if config.isSplit() {
		c.distinct = true
		if c.skipped = partial; c.skipped {
			c.makeState()
			return c
		}
		g.share(c)
	}
	keys := config.OrderBy
	if f.Order == aggregate.AnyOrder {
		keys = nil
	}
	if c.distinct && f.Order == aggregate.ShownOrder { // PostgreSQL finds repeats by sorting, and its answer shows it
		for _, arg := range config.Args[direct:] {
			if !slices.ContainsFunc(keys, func(k keyed.Key) bool { return k.Column == arg }) {
				keys = append(keys[:len(keys):len(keys)], keyed.Key{Column: arg})
			}
		}
	}
	if f.Order == aggregate.SortedOrder || f.Order == aggregate.ShownOrder && len(keys) > 0 || g.config.Retracts && f.Retraction != aggregate.ByRetract {
		if partial {
			panic("aggregate: a combiner keeps no rows for " + f.Signature())
		}
		c.ordered = newOrdered(c, keys)
	} else {
		c.makeState()
	}
	// States leave out rows with NULLs by themselves; to keep those, or to know them, would be a waste.
	c.strict = f.Strict && !c.distinct && c.ordered != nil
	return c
}

// makeState makes the state, which lies together with that of other calls.
func (c *call) makeState() {
	spec := c.spec
	spec.Record = c.groups.record
	c.state = c.config.Function.NewState(&spec)
}

// grow makes slots 0 to n-1 usable.
func (c *call) grow(n int) error {
	if c.ordered != nil {
		return c.ordered.grow(n)
	}
	return c.state.Grow(n)
}

// add adds rows of in.
func (c *call) add(in *batch.Batch, rows *selection) error {
	c.args = c.args[:0]
	for _, column := range c.config.Args {
		c.args = append(c.args, in.Cols[column])
	}
	if c.strict {
		rows = c.present(rows)
	}
	if rows.n == 0 {
		return nil
	}
	return c.keep(in, rows)
}

// put adds rows of in whose values are not in their groups yet, or takes back those that are the last of them.
func (c *call) put(in *batch.Batch, rows *selection) error {
	c.args = c.args[:0]
	for _, column := range c.config.Args {
		c.args = append(c.args, in.Cols[column])
	}
	return c.keep(in, rows)
}

func (c *call) keep(in *batch.Batch, rows *selection) error {
	if c.ordered != nil {
		return c.ordered.keep(in, rows)
	}
	if c.merge {
		given := rows.rowsOf(c.args)
		return c.state.Merge(&given)
	}
	return c.apply(rows)
}

// values are the arguments whose values are added: not those before WITHIN GROUP.
func (c *call) values() []*batch.Column {
	return c.args[c.config.Function.DirectArgs(len(c.args)):]
}

// present returns the rows in which no value is NULL.
func (c *call) present(rows *selection) *selection {
	if !slices.ContainsFunc(c.values(), (*batch.Column).HasNulls) {
		return rows
	}
	c.at = c.at[:0]
	for i := range rows.n {
		row := i
		if rows.rows != nil {
			row = int(rows.rows[i])
		}
		if !slices.ContainsFunc(c.values(), func(col *batch.Column) bool { return col.IsNull(row) }) {
			c.at = append(c.at, uint16(i)) //nolint:gosec // a row number of a batch
		}
	}
	c.valid.pick(rows, c.at)
	return &c.valid.selection
}

// drop makes a slot empty.
func (c *call) drop(slot uint32) error {
	if c.ordered != nil {
		return c.ordered.drop(slot)
	}
	c.state.Free(slot)
	return nil
}

// result makes out the answers of slots.
func (c *call) result(slots []uint32, out *batch.Column, failed *failures) error {
	if c.ordered != nil {
		return c.ordered.result(slots, out, failed)
	}
	failed.errs.Reset()
	c.state.Result(slots, out, &failed.errs)
	failed.note()
	return nil
}

// free gives all memory back.
func (c *call) free() {
	if c.ordered != nil {
		c.ordered.free()
		return
	}
	c.state.Close()
}
