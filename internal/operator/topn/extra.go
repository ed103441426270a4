package topn

import (
	"slices"

	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// extra are the columns of the state behind those of the input.
type extra struct {
	arrival, stamp int // where they are; negative: they are not
	next           int64
	now            int64 // processing time
	cols           []*batch.Column
	arrived        *batch.Column
	stamped        *batch.Column
}

// init returns the types of the state's columns.
func (e *extra) init(pool *batch.Pool, c *Config) []schema.Type {
	types := slices.Clip(c.Types)
	e.arrival, e.stamp = -1, -1
	if c.Arrival {
		e.arrival, e.arrived = len(types), batch.NewColumn(pool, schema.Of(schema.Int64))
		types = append(types, schema.Of(schema.Int64))
	}
	if c.TTL > 0 {
		e.stamp, e.stamped = len(types), batch.NewColumn(pool, schema.Of(schema.Int64))
		types = append(types, schema.Of(schema.Int64))
	}
	return types
}

// columns returns those of in and the others.
func (e *extra) columns(in *batch.Batch) []*batch.Column {
	if e.arrival < 0 && e.stamp < 0 {
		return in.Cols
	}
	e.cols = append(e.cols[:0], in.Cols...)
	if e.arrival >= 0 {
		e.arrived.Reset(in.Len)
		numbers := e.arrived.Int64s()
		for i := range numbers {
			numbers[i] = e.next + int64(i)
		}
		e.next += int64(in.Len)
		e.cols = append(e.cols, e.arrived)
	}
	if e.stamp >= 0 {
		e.stamped.Reset(in.Len)
		times := e.stamped.Int64s()
		for i := range times {
			times[i] = e.now
		}
		e.cols = append(e.cols, e.stamped)
	}
	return e.cols
}
