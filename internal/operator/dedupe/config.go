package dedupe

import (
	"slices"

	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/schema"
)

// Ties says which of several rows that are equal in all keys comes first.
type Ties uint8

const (
	// ByContent compares the other columns, in their order, ascending: the answer depends on the rows alone.
	ByContent Ties = iota
	// FirstArrived is the one that came first. Without keys it keeps the first row for good, and emits nothing but that.
	FirstArrived
	// LastArrived is the one that came last.
	LastArrived
)

// Config says what the operator does. Its output has the columns of its input.
type Config struct {
	// Name is the step's, for errors.
	Name string
	// Types are those of the input's columns.
	Types []schema.Type
	// Partition are the columns that rows of a partition are equal in, NULLs being equal to each other; the input is exchanged by them. Without columns all rows are one
	// partition, of key group 0.
	Partition []int
	// Order is the order of which the first row is kept: ORDER BY t DESC keeps the last row by t.
	Order []keyed.Key
	Ties  Ties
	// Upsert leaves out what is taken back: an UpdateAfter stands alone. For whoever knows rows by the columns of Partition.
	Upsert bool
	// Final emits a row only when it is final, so that the output has inserts alone: Order must begin with a TIMESTAMP or TIMESTAMPTZ column, ascending, NULLs last, that no row which
	// comes after watermark w has below w - Lag. Upsert means nothing then.
	Final bool
	// Lag is how far that column may be behind the watermark, in µs.
	Lag int64
	// TTL forgets a partition that no row has come for, in µs of processing time; 0: never.
	TTL int64
}

// order are the keys with what decides among equal ones.
func (c *Config) order() []keyed.Key {
	keys := c.Order
	if c.Ties != ByContent {
		return keys
	}
	for i := range c.Types {
		if !slices.ContainsFunc(keys, func(k keyed.Key) bool { return k.Column == i }) && !slices.Contains(c.Partition, i) {
			keys = append(slices.Clip(keys), keyed.Key{Column: i})
		}
	}
	return keys
}
