package flow

import (
	"fmt"
	"slices"

	"wire.example/wire/internal/foundation/limit"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/codec"
)

// maxHeldBytes is how much of a block a lane copies while it does not know all of its times. What comes beyond waits for the blocks before instead, and
// those behind wait for it.
const maxHeldBytes = 4 << 20

// dating tells the rows of a lane's block what the watermark of their split was just before them (Batch.Before), on their way from decoder to chain.
//
// Rows may go into the chain once all blocks before have been decoded. So that blocks behind need not wait for the chain, the lane has its own block wholly
// decoded first: of a block of several batches it keeps copies, but for the last.
type dating struct {
	lane   *lane
	budget *limit.Budget
	// entered says that the block has entered the timeline; since is what it learned there.
	entered bool
	since   int64
	held    []*heldBatch // the first count are in use
	count   int
	using   int64 // bytes of those
	bytes   int64 // reserved for held
}

// heldBatch is a copy of rows that a decoder lent, and of where they came from.
type heldBatch struct {
	rows   *batch.Appender
	origin batch.Origin
	out    batch.Batch
}

func newDating(l *lane) *dating {
	return &dating{lane: l, budget: l.source.pipeline.budgetOf("source " + l.source.plan.Name)}
}

// begin turns to another block.
func (d *dating) begin() { d.entered, d.count, d.using = false, 0, 0 }

// push dates b, the next batch of the block, and pushes it, now or after the next ones.
func (d *dating) push(b *batch.Batch, res *codec.Result) error {
	rows := b != nil && b.Rows() > 0
	if rows && b.Before == nil {
		return fmt.Errorf("internal error: the decoder of source %q tells no event times", d.lane.source.plan.Name)
	}
	if !d.entered && res.More && len(d.lane.source.lanes) > 1 && d.using < maxHeldBytes {
		if !rows || d.hold(b) {
			return nil
		}
	}
	if err := d.enter(); err != nil {
		return err
	}
	if !res.More && !d.lane.cur.canRefuse() { // of a block that is refused no time counts; that is known in its turn
		d.leave(res.Top)
	}
	for _, h := range d.held[:d.count] {
		if err := d.hand(&h.out); err != nil {
			return err
		}
	}
	d.count, d.using = 0, 0
	if !rows {
		return nil
	}
	return d.hand(b)
}

// enter waits for the blocks before.
func (d *dating) enter() (err error) {
	if d.entered {
		return nil
	}
	p := d.lane.cur
	d.since, err = d.lane.source.times.enter(p.ticket, p.split, p.news)
	d.entered = true
	return err
}

// leave lets the blocks behind go on; top is the largest event time of this one.
func (d *dating) leave(top int64) {
	p := d.lane.cur
	p.told, p.dated = d.lane.source.times.leave(p.split, top), true
}

// hand gives the rows of b their dates, and pushes them.
func (d *dating) hand(b *batch.Batch) error {
	since, delay := d.since, d.lane.source.plan.Delay
	for i, micros := range b.Before {
		b.Before[i] = before(max(since, micros), delay)
	}
	return d.lane.pushAll(b)
}

// hold copies b; false if the budget does not allow it.
func (d *dating) hold(b *batch.Batch) bool {
	if d.count == len(d.held) {
		d.held = append(d.held, &heldBatch{rows: batch.NewAppender(d.lane.pool)})
	}
	h := d.held[d.count]
	h.keep(b)
	d.count++
	d.using += h.rows.Size()
	total := int64(0)
	for _, h := range d.held {
		total += h.rows.Memory()
	}
	more := total - d.bytes
	if more <= 0 {
		return true
	}
	if d.budget.Reserve(more) != nil {
		h.rows.Release()
		d.count--
		return false
	}
	d.bytes += more
	return true
}

// keep makes h a copy of the rows of b that count.
func (h *heldBatch) keep(b *batch.Batch) {
	h.rows.Reset()
	h.rows.Append(b, b.Sel)
	h.out = *h.rows.Batch()
	if b.Origin == nil {
		return
	}
	mine := h.origin
	h.origin = *b.Origin
	h.origin.Starts, h.origin.Ends = refill(mine.Starts, b.Origin.Starts), refill(mine.Ends, b.Origin.Ends)
	if h.origin.Lines != nil {
		h.origin.Lines = refill(mine.Lines, b.Origin.Lines)
	}
	h.out.Origin = &h.origin
	if b.Sel != nil || b.OriginRows != nil {
		h.out.OriginRows = slices.Grow(h.out.OriginRows[:0], b.Rows())
		for i := range b.Rows() {
			h.out.OriginRows = append(h.out.OriginRows, uint16(b.OriginRow(b.Row(i)))) //nolint:gosec // a row number of a batch
		}
	}
}

// refill copies src into the memory of dst.
func refill(dst, src []uint32) []uint32 { return append(dst[:0], src...) }

// close gives the memory back.
func (d *dating) close() {
	for _, h := range d.held {
		h.rows.Release()
	}
	d.budget.Release(d.bytes)
	d.held, d.count, d.bytes = nil, 0, 0
}
