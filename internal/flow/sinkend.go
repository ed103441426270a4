package flow

import (
	"wire.example/wire/internal/plan/physical"
	"wire.example/wire/sdk/batch"
)

// sinkEnd is a lane's end at a sink: it encodes into its chunk of the lane's parcel, which is written when the parcel's turn comes.
type sinkEnd struct {
	lane *lane
	task *sinkTask
	// number is that of its chunk.
	number int
}

// maxChunkBytes is how much a lane encodes, or copies for one exchange, before it must write; it bounds what a block that multiplies its rows can
// hold.
const maxChunkBytes = 4 << 20

// dealtShare: where memory is small that is one part in so many of the budget for all lanes.
const dealtShare = 16

func (l *lane) sinkEnd(plan *physical.Sink) receiver {
	task := l.source.pipeline.sinks[plan]
	if end, ok := l.ends[task]; ok {
		return end
	}
	end := &sinkEnd{lane: l, task: task, number: len(l.endOrder)}
	l.ends[task] = end
	l.endOrder = append(l.endOrder, end)
	return end
}

func (e *sinkEnd) push(b *batch.Batch) error {
	p := e.lane.cur
	rows := int64(b.Rows())
	e.task.stats.In.Add(rows)
	if p.tooMuch {
		addIf(&e.task.stats.Rejected, rows)
		return nil
	}
	chunk := p.chunks[e.number]
	bad := chunk.Encode(b)
	for _, r := range bad {
		if err := e.lane.rejectRow(e.task.plan.Name, e.task.plan.OnError, b, r.Row, r.Err); err != nil {
			return err
		}
	}
	addIf(&e.task.stats.Rejected, int64(len(bad)))
	_, bytes := chunk.Size()
	if bytes < maxChunkBytes {
		return nil
	}
	if p.canRefuse() {
		p.limitRefusable(e.task.plan.Name, bytes)
		return nil
	}
	if err := p.takeTurn(); err != nil {
		return err
	}
	return p.flush(e.number, nil)
}

// laneExit is a lane's end at an exchange: it deals rows into its consignment of the lane's parcel, which is sent when the parcel's turn comes, so
// that every task sees the rows of the source in their order.
type laneExit struct {
	lane   *lane
	outlet *outlet
	dealer *dealer
	// number is that of its consignment.
	number int
	// most is about how many bytes a consignment may have before its parcel's turn.
	most   int64
	slices slicer
	dealt  func(*batch.Batch) error // deal
}

func (l *lane) exit(x *physical.Exchange) receiver {
	for _, e := range l.exits {
		if e.outlet.exchange == x {
			return e
		}
	}
	e := &laneExit{lane: l, outlet: l.source.producer.outlet(x), number: len(l.exits), most: l.source.pipeline.dealtMost()}
	e.dealer, e.dealt = newDealer(e.outlet), e.deal
	l.exits = append(l.exits, e)
	return e
}

// dealtMost is laneExit.most: where memory is small, its part of one in dealtShare of the budget.
func (p *Pipeline) dealtMost() int64 {
	lanes := max(len(p.plan.Sources)*p.plan.Parallelism, 1)
	return min(max(p.settings.Budget.Limit()/dealtShare/int64(lanes), cartonBytes), maxChunkBytes)
}

// push deals b, in pieces if all of it is more than may wait.
func (e *laneExit) push(b *batch.Batch) error {
	return e.slices.each(b, e.most, e.dealt)
}

func (e *laneExit) deal(b *batch.Batch) error {
	p := e.lane.cur
	if p.tooMuch {
		return nil
	}
	c := p.consignments[e.number]
	e.dealer.deal(b, c)
	if c.bytes < e.most {
		return nil
	}
	if p.canRefuse() {
		p.limitRefusable(e.outlet.exchange.To.Stage.Name, c.bytes)
		return nil
	}
	if err := p.takeTurn(); err != nil {
		return err
	}
	return c.send()
}
