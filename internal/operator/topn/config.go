package topn

import (
	"math"
	"slices"

	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/schema"
)

// NoLimit is the Limit that keeps all rows behind Offset.
const NoLimit int64 = -1

// Function is what Limit and Offset count.
type Function uint8

const (
	// RowNumber counts rows: ROW_NUMBER(), LIMIT.
	RowNumber Function = iota
	// Rank counts the rows before the first that is equal in the keys: RANK().
	Rank
	// DenseRank counts different keys: DENSE_RANK().
	DenseRank
)

// Config says what the operator does. Its output has the columns of its input and, with RankColumn, a BIGINT.
type Config struct {
	// Name is the step's, for errors.
	Name string
	// Types are those of the input's columns.
	Types []schema.Type
	// Partition are the columns that rows of a partition are equal in, NULLs being equal to each other; the input is exchanged by them. Without columns all rows are one
	// partition, of key group 0.
	Partition []int
	Order     []keyed.Key
	// Arrival has the rows that are equal in all keys stand in the order in which they came. Else they stand in that of their other columns, which does not depend on how the
	// input was read. LIMIT without an order is Arrival without keys.
	Arrival bool
	// Function counts from 1; the rows with Offset < f <= Offset+Limit are emitted. With WithTies, for RowNumber only, those that are equal in the keys to the last of these, too.
	Function      Function
	Limit, Offset int64
	WithTies      bool
	// RankColumn appends what Function says of a row. A row whose place has changed is then an update; with RowNumber the halves of an update are the rows that had and have one place.
	RankColumn bool
	// Changes says that the input may take rows back: all rows are kept then. Else it must not have kinds other than Insert and UpdateAfter.
	Changes bool
	// Key are columns in which no two rows of the input are equal, but while one replaces the other; empty if that is not known. With Arrival and Changes a row that is taken back is
	// found by them; else they are of no use.
	Key []int
	// TTL forgets a partition that no row has come for, in µs of processing time; 0: never. Of no use without Partition.
	TTL int64
}

// Output are the types of the columns that an Operator emits.
func (c *Config) Output() []schema.Type {
	if c.RankColumn {
		return append(slices.Clip(c.Types), schema.Of(schema.Int64))
	}
	return c.Types
}

// end is how far Limit and Offset reach together; math.MaxInt64 is the end.
func (c *Config) end() int64 {
	if c.Limit < 0 || c.Offset > math.MaxInt64-c.Limit {
		return math.MaxInt64
	}
	return c.Offset + c.Limit
}

// total are the keys of an order that tells all rows apart but those that are equal in everything. Without Arrival these are the other columns.
func (c *Config) total(arrived int) []keyed.Key {
	keys := slices.Clone(c.Order)
	if c.Arrival {
		return append(keys, keyed.Key{Column: arrived})
	}
	for i := range c.Types {
		if !slices.ContainsFunc(keys, func(k keyed.Key) bool { return k.Column == i }) && !slices.Contains(c.Partition, i) {
			keys = append(keys, keyed.Key{Column: i})
		}
	}
	return keys
}
