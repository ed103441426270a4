package dedupe

import (
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/sdk/batch"
)

// output makes batches of kept rows.
type output struct {
	ids     []uint32
	kinds   []batch.Change
	absent  []bool          // columns that nothing reads; nil while no row came
	columns []*batch.Column // of rows; nil where absent, and for the time of the last touch
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

func (b *output) begin() { b.ids, b.kinds = b.ids[:0], b.kinds[:0] }

func (b *output) room() int { return batch.MaxRows - len(b.ids) }

func (b *output) add(id uint32, kind batch.Change) {
	b.ids, b.kinds = append(b.ids, id), append(b.kinds, kind)
}

// emit emits what was added.
func (b *output) emit(o *Operator, out *op.Output) {
	if len(b.ids) == 0 {
		return
	}
	if b.columns == nil {
		b.columns = make([]*batch.Column, len(o.types))
		for i, typ := range o.config.Types {
			if len(b.absent) == 0 || !b.absent[i] {
				b.columns[i] = batch.NewColumn(o.pool, typ)
			}
		}
	}
	o.rows.Gather(b.ids, b.columns)
	b.batch = batch.Batch{Cols: b.columns[:len(o.config.Types)], Len: len(b.ids)}
	if !o.config.Final {
		b.batch.Kinds = b.kinds
	}
	out.Emit(0, &b.batch)
}
