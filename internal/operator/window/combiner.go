package window

import (
	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/internal/operator/aggregate"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/sdk/batch"
)

// mostWindows is how many windows a Combiner keeps groups of.
const mostWindows = 64

// Combiner is the first half of an Aggregate: it folds rows of one group and window into partial answers, a bounded number and until the next flush, so that
// it can stand before an exchange.
type Combiner struct {
	cfg    Config
	inner  aggregate.Config
	pool   *batch.Pool
	budget *limit.Budget
	dealer[*aggregate.Combiner]
	spare []*aggregate.Combiner
	// next is the window that comes in the batch or the flush that is going on.
	next               int
	applying, flushing bool
	out                batch.Batch
	start, end         *batch.Column
}

// NewCombiner returns the first half of the Aggregate that config describes, or of the Sliced: then Start and End are the columns of a slice. All functions must be Mergeable, and no call may have DISTINCT, unless
// it IgnoresRepeats.
func NewCombiner(pool *batch.Pool, budget *limit.Budget, config Config) (*Combiner, error) {
	if err := config.validate(true); err != nil {
		return nil, err
	}
	c := &Combiner{cfg: config, inner: config.Config, pool: pool, budget: budget, dealer: newDealer[*aggregate.Combiner]()}
	c.start, c.end = batch.NewColumn(pool, config.Types[config.Start]), batch.NewColumn(pool, config.Types[config.End])
	return c, nil
}

// Apply adds rows to the groups of their windows, and emits groups when there are too many.
func (c *Combiner) Apply(in *batch.Batch, out *op.Output) (more bool, err error) {
	if c.flushing {
		return c.OnFlush(out)
	}
	if !c.applying {
		_, nulls := c.deal(in, in.Cols[c.cfg.Start], in.Cols[c.cfg.End], c.open)
		out.Counts.In += nulls
		out.Counts.Filtered += nulls
		c.applying, c.next = true, 0
	}
	for c.next < len(c.given) {
		w := c.given[c.next]
		if more, err = w.of.Apply(c.rows(in, w), out); err != nil {
			return false, err
		}
		if !more {
			c.next++
		}
		if out.Ports[0] != nil {
			c.name(w.bounds, out)
			return true, nil
		}
	}
	if c.applying = false; len(c.list) < mostWindows {
		return false, nil
	}
	return c.OnFlush(out)
}

func (c *Combiner) open(b bounds) *dealt[*aggregate.Combiner] {
	if last := len(c.spare) - 1; last >= 0 {
		w := c.put(b, c.spare[last])
		c.spare = c.spare[:last]
		return w
	}
	return c.put(b, aggregate.NewCombiner(c.pool, c.budget, c.inner))
}

// OnFlush emits the groups of all windows.
func (c *Combiner) OnFlush(out *op.Output) (more bool, err error) {
	if !c.flushing {
		c.flushing, c.next = true, 0
	}
	for c.next < len(c.list) {
		w := c.list[c.next]
		if more, err = w.of.OnFlush(out); err != nil {
			return false, err
		}
		if !more {
			c.spare = append(c.spare, w.of)
			c.next++
		}
		if out.Ports[0] != nil {
			c.name(w.bounds, out)
			return true, nil
		}
	}
	c.list, c.given, c.flushing = c.list[:0], c.given[:0], false
	clear(c.index)
	return false, nil
}

// name puts the window's columns behind the keys.
func (c *Combiner) name(b bounds, out *op.Output) {
	emitted, k := out.Ports[0], len(c.cfg.Keys)
	fillColumn(c.start, emitted.Len, b.start)
	fillColumn(c.end, emitted.Len, b.end)
	cols := append(append(c.out.Cols[:0], emitted.Cols[:k]...), c.start, c.end)
	c.out = *emitted
	cols = append(cols, emitted.Cols[k:]...)
	c.out.Cols = cols
	out.Ports[0] = &c.out
}
