package aggregate

import (
	"slices"

	"wire.example/wire/internal/expr/aggregate"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// NoColumn is the Filter of a call without FILTER.
const NoColumn = -1

// Call is one aggregate.
type Call struct {
	Function *aggregate.Function
	// ArgTypes are the types of the arguments, as Resolve cast them.
	ArgTypes []schema.Type
	// Args are the columns of the arguments. Where partial answers are merged they are the columns of those.
	Args []int
	// Filter is a BOOLEAN column that says which rows count, or NoColumn.
	Filter int
	// Distinct counts each list of arguments once in a group.
	Distinct bool
	// OrderBy is the ORDER BY of the call, that of WITHIN GROUP included, whose columns are the last of Args then.
	OrderBy []keyed.Key
	// Direct are the arguments before WITHIN GROUP that are constants, each a column of one row, nil where one is not constant. Lent for good.
	Direct []*batch.Column
}

// Config says what the operator does. Its output has the keys, then, with Sets, a BIGINT whose bit i says that key i is not in the row's set, then a column
// for each call, in the order given here.
type Config struct {
	// Name is the step's, for errors.
	Name string
	// Types are those of the input's columns.
	Types []schema.Type
	// Keys are the columns to group by. Without keys there is one group, even if there are no rows.
	Keys []int
	// Sets are grouping sets: each a list of places in Keys. A key that is not in a row's set is NULL. Nil means one set of all keys. An empty set is
	// one group, even if there are no rows.
	Sets  [][]int
	Calls []Call
	// Partition are the columns by which the input is exchanged, all of them keys and in every set; nil means Keys if there are no Sets, and else that it
	// is not exchanged. An operator that answers without rows must be the only instance.
	Partition []int
	// Merge says that the input has partial answers, as a Combiner with the same Keys, Sets and Calls makes them: its columns are keys, then, with Sets,
	// SetColumn, then those of the calls. Filter, Distinct and OrderBy have done their work then.
	Merge bool
	// Changes says that the operator answers whenever it is flushed: a changelog of the groups' rows instead of one row of each at the end. A group
	// whose answer cannot be given has no row until it can. Without Keys, and for an empty set, there is a row from the first flush on.
	Changes bool
	// Upsert says that whoever takes the changes keeps the newest row of each key by itself (a sink that upserts): the old row is not taken back,
	// and a Delete has no more than the keys.
	Upsert bool
	// Waits says, of an operator with Changes, that whoever flushes it may let barriers pass with groups that have changed: what others know of those is stored.
	Waits bool
	// Retracts says that rows of the input may be taken back: it is a changelog, or partial answers over one. Calls whose functions cannot subtract keep the
	// values of a group in order then, and those that estimate a number of values count them.
	Retracts bool
	// TTL is after how many µs of processing time without a row of it a group is forgotten; 0 means never. What was emitted of it stays. It is for operators with
	// Changes: one that answers at the end would forget answers.
	TTL int64
	// Split says that calls with DISTINCT are left to a Scatter and a Distinct: a Combiner gives NULLs for them. See Splittable.
	Split bool
	// RowsColumn is, where partial answers over a changelog are merged, the BIGINT column with the number of rows.
	RowsColumn int
	// SetColumn is, where partial answers of several sets are merged, the column with the number of the set.
	SetColumn int
	// pieced says what the input of a Distinct is.
	pieced *pieces
}

// keyTypes are the types of the keys.
func (c *Config) keyTypes() []schema.Type {
	types := make([]schema.Type, len(c.Keys))
	for i, k := range c.Keys {
		types[i] = c.Types[k]
	}
	return types
}

// partition is Partition as it is meant.
func (c *Config) partition() []int {
	if c.Partition == nil && c.Sets == nil {
		return c.Keys
	}
	return c.Partition
}

// Output are the types of the columns that an Operator emits.
func (c *Config) Output() []schema.Type {
	types := c.prefix()
	for i := range c.Calls {
		call := &c.Calls[i]
		types = append(types, call.Function.ResultType(call.ArgTypes))
	}
	return types
}

// PartialOutput are the types of the columns that a Combiner emits. Where Output has the bits of a set, this has its number; with Retracts the last one is by how many rows
// there are more.
func (c *Config) PartialOutput() []schema.Type {
	types := c.prefix()
	for i := range c.Calls {
		call := &c.Calls[i]
		types = append(types, call.Function.PartialTypes(call.ArgTypes)...)
	}
	if c.Retracts {
		types = append(types, schema.Of(schema.Int64))
	}
	return types
}

// Combinable reports whether all calls can be made in two halves: by a Combiner, and by an Operator that merges.
func (c *Config) Combinable() bool {
	return !slices.ContainsFunc(c.Calls, func(call Call) bool {
		f := call.Function
		return !f.Mergeable || call.isSplit() && !c.Split || c.Retracts && f.Retraction != aggregate.ByRetract
	})
}

func (c *Config) prefix() []schema.Type {
	types := c.keyTypes()
	if c.Sets != nil {
		types = append(types, schema.Of(schema.Int64))
	}
	return types
}

// missing are the bits of the keys that are not in a set.
func (c *Config) missing(set []int) int64 {
	bits := int64(0)
	for i := range c.Keys {
		if !slices.Contains(set, i) {
			bits |= 1 << i
		}
	}
	return bits
}
