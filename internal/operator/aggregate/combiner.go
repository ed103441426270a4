package aggregate

import (
	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/sdk/batch"
)

// mostGroups is how many groups a Combiner keeps: as many as stay in a core's second cache with the states of a few calls.
const mostGroups = 1 << 14

// Combiner folds rows of one group into partial answers, for a bounded number of groups and until the next flush.
type Combiner struct {
	*groups
	config Config
	output *output
	walk   *walk // of the groups that are being emitted, else nil
}

// NewCombiner returns the combiner that config describes, which must be Combinable. Of a changelog it makes differences: partial answers of more or of fewer rows.
func NewCombiner(pool *batch.Pool, budget *limit.Budget, config Config) *Combiner {
	c := &Combiner{config: config}
	c.groups = newGroups(pool, budget, &c.config, true)
	c.output = newOutput(c.groups, config.PartialOutput())
	return c
}

// Apply adds rows to their groups, and emits all groups when there are too many.
func (c *Combiner) Apply(in *batch.Batch, out *op.Output) (more bool, err error) {
	if c.walk == nil {
		out.Counts.In += int64(in.Rows())
		out.Counts.Absorbed += int64(in.Rows())
		if err := c.absorb(in); err != nil {
			return false, err
		}
		if c.table == nil || c.table.Len() < mostGroups {
			return false, nil
		}
	}
	return c.OnFlush(out)
}

// OnFlush emits all groups. As at the end of an Operator, the last call emits nothing.
func (c *Combiner) OnFlush(out *op.Output) (more bool, err error) {
	if c.walk == nil {
		if !c.touched {
			return false, nil
		}
		c.walk = &walk{}
	}
	slots := c.piece()
	if len(slots) == 0 {
		c.walk = nil
		c.clear()
		return false, nil
	}
	c.output.partials(slots, out)
	for _, call := range c.calls {
		for _, slot := range slots {
			call.state.Free(slot)
		}
	}
	if c.rows != nil {
		for _, slot := range slots {
			*c.rows.At(slot) = 0
		}
	}
	return true, nil
}

func (c *Combiner) piece() []uint32 {
	if c.table != nil {
		return c.walk.piece(c.table)
	}
	if c.walk.next > 0 {
		return nil
	}
	c.walk.next++
	return []uint32{0}
}

// clear forgets the groups, whose slots are empty already.
func (c *Combiner) clear() {
	if c.touched = false; c.table != nil {
		c.table.Free()
	}
}
