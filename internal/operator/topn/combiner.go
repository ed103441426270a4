package topn

import (
	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/batch"
)

// maxHeld is how many rows a combiner holds before it lets them pass.
const maxHeld = 1 << 14

// Combiner is the half of an Operator before an exchange: of each piece of input it lets those rows pass, as inserts, that may be among the first. It has no state between them.
type Combiner struct {
	o       *Operator
	walk    keyed.Cursor
	walking bool
	ids     []uint32
}

// NewCombiner returns the combiner for an Operator of config, whose Changes, RankColumn, Key and TTL mean nothing here. Arrival must be false, and the input must have inserts alone. Offset and
// Limit should be small beside the 16,384 rows that it holds. Its output has the columns of its input. What it holds is reserved in budget.
func NewCombiner(pool *batch.Pool, budget *limit.Budget, config Config) *Combiner {
	config.Changes, config.RankColumn, config.TTL = false, false, 0
	return &Combiner{o: New(pool, budget, config), ids: make([]uint32, batch.MaxRows)}
}

// Apply holds rows, and lets all pass when there are many.
func (c *Combiner) Apply(in *batch.Batch, out *op.Output) (more bool, err error) {
	if !c.walking {
		c.o.changed = 0
		if _, err := c.o.Apply(in, out); err != nil {
			return false, err
		}
		if c.o.rows.Len() < maxHeld {
			return false, nil
		}
	}
	return c.OnFlush(out)
}

// OnFlush lets the rows pass. The last call emits nothing: it gives the memory back, which the batch of the one before it needed.
func (c *Combiner) OnFlush(out *op.Output) (more bool, err error) {
	o := c.o
	if !c.walking && o.rows.Len() == 0 {
		return false, nil
	}
	c.walking = true
	if n := o.rows.Scan(&c.walk, c.ids); n > 0 {
		b := &o.output
		b.gather(o, c.ids[:n])
		out.Emit(0, &b.batch)
		return true, nil
	}
	c.walking, c.walk = false, keyed.Cursor{}
	o.free()
	return false, nil
}
