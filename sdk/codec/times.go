package codec

import (
	"math"
	"slices"

	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// NoTime is the event time of a row that has none. It lies below all timestamps but minus infinity.
const NoTime int64 = math.MinInt64 + 1

// Times keeps the event times of a block's rows, in their order: what Result.Top and Batch.Before say. A decoder that is asked for them
// (DecodeSpec.Times) owns one. A nil Times keeps nothing.
type Times struct {
	paths  [][]int
	before []int64
	top    int64
}

// NewTimes returns the Times of a decoder, nil if it is not asked for any.
func NewTimes(spec *DecodeSpec) *Times {
	if spec.Times == nil {
		return nil
	}
	return &Times{paths: spec.Times, top: math.MinInt64}
}

// Begin turns to another block.
func (t *Times) Begin() {
	if t != nil {
		t.top = math.MinInt64
	}
}

// Reset makes room for the rows of a batch.
func (t *Times) Reset(rows int) {
	if t != nil && len(t.before) < rows {
		t.before = make([]int64, rows)
	}
}

// Row notes the time of row of the batch; the next row may take its place if it is dropped.
func (t *Times) Row(row int, micros int64) {
	t.before[row] = t.top
	if micros > t.top && micros != math.MaxInt64 && micros != NoTime {
		t.top = micros
	}
}

// Finish gives b, of so many rows, and res what was noted of them.
func (t *Times) Finish(b *batch.Batch, rows int, res *Result) {
	if t == nil {
		return
	}
	b.Before, res.Top = t.before[:rows], t.top
}

// Batch does all of this for the rows of b that count, whose times are in cols: the columns of b, and those of times that b has not.
func (t *Times) Batch(b *batch.Batch, cols []*batch.Column, res *Result) {
	if t == nil {
		return
	}
	t.Reset(b.Len)
	if c := cols[t.paths[0][0]]; b.Sel == nil && len(t.paths[0]) == 1 && !c.HasNulls() {
		for row, micros := range c.Int64s()[:b.Len] {
			t.Row(row, micros)
		}
		t.Finish(b, b.Len, res)
		return
	}
	found := make([]*batch.Column, 0, 4)
	for _, path := range t.paths {
		c := cols[path[0]]
		for _, member := range path[1:] {
			c = c.Child(member)
		}
		found = append(found, c)
	}
	for i := range b.Rows() {
		row := b.Row(i)
		t.Row(row, FirstTime(found, row))
	}
	t.Finish(b, b.Len, res)
}

// FirstTime returns the first of columns' values of row that is not NULL, NoTime if there is none.
func FirstTime(columns []*batch.Column, row int) int64 {
	for _, c := range columns {
		if !c.IsNull(row) {
			return c.Int64s()[row]
		}
	}
	return NoTime
}

// NeedTimes returns Need with what Times names: what a decoder must read. Columns of which Needs is false are not to be in its batches all the same;
// members may be. nil means all.
func (s *DecodeSpec) NeedTimes() []Need {
	if len(s.Need) == 0 || s.Times == nil {
		return s.Need
	}
	need := slices.Clone(s.Need)
	for _, path := range s.Times {
		need[path[0]] = need[path[0]].with(s.Schema.Fields[path[0]].Type, path[1:])
	}
	return need
}

// with returns n with the member that path leads to.
func (n Need) with(typ schema.Type, path []int) Need {
	if n.All() {
		return n
	}
	if len(path) == 0 {
		return Need{Read: true}
	}
	n = n.Clone()
	if n.Members == nil {
		n.Members = make([]Need, len(typ.Fields))
	}
	n.Read = true
	n.Members[path[0]] = n.Members[path[0]].with(typ.Fields[path[0]].Type, path[1:])
	return n
}
