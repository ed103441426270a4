package topn

import (
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// output makes batches of rows that are to be emitted.
type output struct {
	ids     []uint32
	kinds   []batch.Change
	ranks   []int64
	next    int             // the first that was not emitted yet
	absent  []bool          // columns that nothing reads; nil while no row came
	columns []*batch.Column // of rows; nil where absent
	rank    *batch.Column
	batch   batch.Batch
}

// see notes which columns nothing reads.
func (b *output) see(o *Operator, in *batch.Batch) {
	if b.absent != nil {
		return
	}
	b.absent = make([]bool, len(o.config.Types))
	for i, c := range in.Cols {
		b.absent[i] = c == nil
	}
}

func (b *output) add(id uint32, kind batch.Change, rank int64) {
	b.ids, b.kinds, b.ranks = append(b.ids, id), append(b.kinds, kind), append(b.ranks, rank)
}

// waiting is how many rows are to be emitted.
func (b *output) waiting() int { return len(b.ids) - b.next }

// emit emits a batch of what was added.
func (b *output) emit(o *Operator, out *op.Output) {
	n := min(b.waiting(), batch.MaxRows)
	if n == 0 {
		return
	}
	from := b.next
	if b.kinds[from+n-1] == batch.UpdateBefore {
		n--
	}
	b.gather(o, b.ids[from:from+n])
	b.batch.Kinds = append(b.batch.Kinds[:0], b.kinds[from:from+n]...)
	if o.config.RankColumn {
		b.rank.Reset(n)
		copy(b.rank.Int64s(), b.ranks[from:from+n])
		b.batch.Cols = append(b.batch.Cols, b.rank)
	}
	if b.next += n; b.next == len(b.ids) {
		b.ids, b.kinds, b.ranks, b.next = b.ids[:0], b.kinds[:0], b.ranks[:0], 0
	}
	out.Emit(0, &b.batch)
}

// gather makes the batch that of rows.
func (b *output) gather(o *Operator, ids []uint32) {
	if b.columns == nil {
		b.columns = make([]*batch.Column, len(o.types))
		for i, typ := range o.config.Types {
			if len(b.absent) == 0 || !b.absent[i] {
				b.columns[i] = batch.NewColumn(o.pool, typ)
			}
		}
		b.rank = batch.NewColumn(o.pool, schema.Of(schema.Int64))
	}
	o.rows.Gather(ids, b.columns)
	b.batch.Cols = append(b.batch.Cols[:0], b.columns[:len(o.config.Types)]...)
	b.batch.Len = len(ids)
}
