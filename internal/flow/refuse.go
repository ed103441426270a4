package flow

import (
	"context"
	"encoding/json"
	"errors"

	"wire.example/wire/internal/plan/physical"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/connector"
	"wire.example/wire/sdk/sqlstate"
)

// maxRefusableBytes is how much the rows of a block that can be refused may encode to, for one sink. They all wait in the lane until the last
// was seen to be good.
const maxRefusableBytes = 64 << 20

// canRefuse reports whether the parcel's block can be taken back as a whole.
func (p *parcel) canRefuse() bool { return p.refusable && p.ack != nil }

// limitRefusable refuses the block when it comes to too much for the sink or stage called to; what follows is dropped.
func (p *parcel) limitRefusable(to string, bytes int64) {
	if bytes < maxRefusableBytes {
		return
	}
	p.refuseLarge(to, "the rows come to more than %d bytes of output; send fewer at once")
}

// refuseLarge makes the block one that is refused, unless it is already; format has a place for the bound.
func (p *parcel) refuseLarge(step, format string) {
	p.tooMuch = true
	if !p.fails {
		err := sqlstate.Errorf(sqlstate.ProgramLimitExceeded, format, maxRefusableBytes)
		p.fails, p.failing = true, rejected{step: step, policy: physical.Fail, err: err, record: -1, line: -1, offset: -1}
	}
}

// refuse drops all rows of the block, counts them as rejected by the sinks, and tells its sender why. In the parcel's turn.
func (p *parcel) refuse(bad *rejected) {
	for i, chunk := range p.chunks {
		rows, _ := chunk.Size()
		addIf(&p.lane.endOrder[i].task.stats.Rejected, int64(rows))
		chunk.Reset()
	}
	for _, c := range p.consignments {
		c.drop()
	}
	refused := &codec.RefusedError{Step: bad.step, Record: bad.record, Offset: -1, Column: bad.column, Err: bad.err}
	if bad.offset >= 0 {
		refused.Offset = int(bad.offset - p.offset)
	}
	p.fail(refused)
}

// deadSlots are the sinks whose target's refusals become dead letters.
func (p *Pipeline) deadSlots() []*physical.Sink {
	var slots []*physical.Sink
	for _, s := range p.plan.Sinks {
		if s.OnError == physical.DeadLetter && p.plan.DeadLetters != nil {
			slots = append(slots, s)
		}
	}
	return slots
}

// openDeadSlots makes those sinks writers of the dead-letter sink. Such a sink passes a barrier there when it is prepared, so that what its
// target refused belongs to the same epoch.
func (p *Pipeline) openDeadSlots() error {
	for i, plan := range p.deadSlots() {
		dead, err := newDeadLetters(p.sinks[p.plan.DeadLetters], p.settings.Pool, p.settings.Clock)
		if err != nil {
			return err
		}
		p.sinks[plan].dead, p.sinks[plan].deadSlot = dead, p.writers()+i
	}
	return nil
}

// refused deals with the rows of a RowsError by the sink's policy and returns nil; any other error it returns.
func (t *sinkTask) refused(ctx context.Context, err error) error {
	var refused *connector.RowsError
	if !errors.As(err, &refused) || t.plan.OnError == physical.Fail || t.plan.OnError == physical.DeadLetter && t.dead == nil {
		return err
	}
	n := int64(len(refused.Rows))
	t.stats.Rows.Add(-n)
	t.stats.Rejected.Add(n)
	if t.plan.OnError == physical.Drop {
		return nil
	}
	for _, row := range refused.Rows {
		r := rejected{step: t.plan.Name, err: row.Err, record: -1, line: -1, offset: -1, raw: row.Raw[:min(len(row.Raw), codec.RejectedBytes)]}
		if err := t.dead.write(ctx, t.deadSlot, &r, 0, nil); err != nil {
			return err
		}
	}
	return nil
}

// flushSink flushes, again after every report of refused rows.
func (t *sinkTask) flushSink(ctx context.Context) error {
	for {
		err := t.sink.Flush(ctx)
		if err == nil {
			return nil
		}
		if err = t.refused(ctx, err); err != nil {
			return err
		}
	}
}

// prepareSink prepares, again after every report of refused rows.
func (t *sinkTask) prepareSink(ctx context.Context, epoch int64) (json.RawMessage, error) {
	for {
		state, err := t.sink.Prepare(ctx, epoch)
		if err == nil {
			return state, nil
		}
		if err = t.refused(ctx, err); err != nil {
			return nil, err
		}
	}
}
