package flow

import (
	"context"

	"wire.example/wire/internal/plan/physical"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sqlstate"
)

// lane is one worker of a source: it decodes a block, pushes the rows through its own copy of the chain and, in its turn, writes what came
// out. Everything in it belongs to its goroutine.
type lane struct {
	ctx     context.Context
	source  *sourceTask
	pool    *batch.Pool
	decoder codec.Decoder
	next    []receiver
	steps   map[*physical.Step]*step
	order   []*step // in the order in which they were made: a step after those behind it
	ends    map[*sinkTask]*sinkEnd
	// endOrder are the ends in the order of the plan, so that every lane writes sinks in the same order.
	endOrder []*sinkEnd

	// keeps says that an operator keeps something of the rows it saw, so that no block can be taken back.
	keeps bool

	block   codec.Block
	ticket  int64
	inTurn  bool
	rejects []rejected
	records int
	maxTime int64
	tooMuch bool // the block, which can be refused, came to more than maxRefusableBytes
}

func newLane(source *sourceTask, pool *batch.Pool) (*lane, error) {
	l := &lane{source: source, pool: pool, steps: map[*physical.Step]*step{}, ends: map[*sinkTask]*sinkEnd{}}
	var err error
	if l.decoder, err = source.newDecoder(pool); err != nil {
		return nil, err
	}
	if l.next, err = l.newEdges(source.plan.Next); err != nil {
		return nil, err
	}
	return l, nil
}

// run works until the source is at its end, a stop barrier passed, or the pipeline failed.
func (l *lane) run(ctx context.Context) error {
	l.ctx = ctx
	for {
		item, err := l.source.take(ctx, l)
		if err != nil || item.kind == itemNone {
			return err
		}
		l.ticket, l.inTurn = item.ticket, false
		if item.kind == itemBlock {
			err = l.work()
		} else {
			err = l.mark(item)
		}
		if err != nil {
			return err
		}
		l.source.turn.done()
	}
}

// takeTurn waits until every earlier block has been written.
func (l *lane) takeTurn() error {
	if l.inTurn {
		return nil
	}
	l.inTurn = true
	return l.source.turn.wait(l.ticket)
}

// work is one block, from bytes to sinks.
func (l *lane) work() error {
	l.records, l.rejects, l.maxTime, l.tooMuch = 0, l.rejects[:0], minTime, false
	if l.block.Oversize != nil {
		l.rejectOversize()
	} else if err := l.decode(); err != nil {
		l.ackNow(err)
		return err
	}
	if err := l.takeTurn(); err != nil {
		l.ackNow(err)
		return err
	}
	if bad := l.ending(); bad != nil && l.canRefuse() {
		l.refuse(bad)
		l.release()
		return nil
	}
	letter := l.lastLetter()
	parts := len(l.endOrder)
	if letter >= 0 {
		parts++
	}
	acks := newAckGroup(l.block.Ack, parts)
	if err := l.source.settle(l, letter, acks); err != nil {
		acks.done(err)
		return err
	}
	for _, e := range l.endOrder {
		if err := e.flush(acks); err != nil {
			return err
		}
	}
	l.release()
	return nil
}

// lastLetter returns the index of the last reject that becomes a dead letter, or -1.
func (l *lane) lastLetter() int {
	for i := len(l.rejects) - 1; i >= 0; i-- {
		if l.rejects[i].policy == physical.DeadLetter {
			return i
		}
	}
	return -1
}

func (l *lane) ackNow(err error) {
	if l.block.Ack != nil {
		l.block.Ack(err)
	}
}

// decode runs the block's records through decoder and chain.
func (l *lane) decode() error {
	if err := l.decoder.Begin(&l.block); err != nil {
		return err
	}
	stats := &l.source.stats
	for more := true; more; {
		b, res, err := l.decoder.Decode()
		if err != nil {
			return err
		}
		more = res.More
		for i := range res.Rejects {
			l.rejectRecord(&l.block, &res.Rejects[i])
		}
		l.records += res.Records
		stats.Records.Add(int64(res.Records))
		addIf(&stats.Filtered, int64(res.Filtered))
		addIf(&stats.Rejected, int64(len(res.Rejects)))
		if b == nil || b.Rows() == 0 {
			continue
		}
		stats.Rows.Add(int64(b.Rows()))
		l.noteTime(b)
		for _, next := range l.next {
			if err := next.push(b); err != nil {
				return err
			}
		}
	}
	return nil
}

// noteTime keeps the block's largest event time.
func (l *lane) noteTime(b *batch.Batch) {
	i := l.source.plan.EventTime
	if i < 0 || b.Cols[i] == nil {
		return
	}
	c := b.Cols[i]
	switch c.Kind() {
	case schema.Timestamp, schema.TimestampTZ:
	default:
		return
	}
	top := l.maxTime
	if c.Valid() == nil && b.Sel == nil {
		for _, t := range c.Int64s() {
			top = max(top, t)
		}
	} else {
		for k := range b.Rows() {
			if row := b.Row(k); !c.IsNull(row) {
				top = max(top, c.Int64s()[row])
			}
		}
	}
	l.maxTime = top
}

// rejectOversize notes a record that is longer than the limit.
func (l *lane) rejectOversize() {
	o := l.block.Oversize
	err := sqlstate.Errorf(sqlstate.ProgramLimitExceeded, "record of %d bytes is longer than max_record_bytes (%d)", o.Length, o.Limit)
	l.rejectRecord(&l.block, &codec.Reject{End: len(l.block.Buf.Data), Err: err})
	l.records = 1
	l.source.stats.Records.Add(1)
	l.source.stats.Rejected.Add(1)
}

// mark is a barrier or the end of input, in its turn.
func (l *lane) mark(item item) error {
	if err := l.takeTurn(); err != nil {
		return err
	}
	l.records, l.rejects, l.maxTime = 0, l.rejects[:0], minTime
	if item.kind == itemEnd {
		for _, next := range l.next {
			if err := next.end(); err != nil {
				return err
			}
		}
		if err := l.settleAndFlush(); err != nil {
			return err
		}
		return l.source.ended(l.ctx, item)
	}
	states := map[string]operatorState{}
	for i := len(l.order) - 1; i >= 0; i-- {
		if err := l.order[i].barrier(item.epoch, states); err != nil {
			return err
		}
	}
	if err := l.settleAndFlush(); err != nil {
		return err
	}
	return l.source.passBarrier(l.ctx, item, states)
}

// settleAndFlush deals with what the steps emitted at a mark: rows that were rejected on the way, then the rest, into the sinks.
func (l *lane) settleAndFlush() error {
	if err := l.source.settle(l, -1, nil); err != nil {
		return err
	}
	for _, e := range l.endOrder {
		if err := e.flush(nil); err != nil {
			return err
		}
	}
	return nil
}

// release drops the block's memory if someone else still holds it, so that the next read gets a block of its own.
func (l *lane) release() {
	if b := l.block.Buf; b != nil && b.Shared() {
		b.Release()
		l.block.Buf = nil
	}
}

// close gives the lane's memory back.
func (l *lane) close() {
	if l.block.Buf != nil {
		l.block.Buf.Release()
		l.block.Buf = nil
	}
}
