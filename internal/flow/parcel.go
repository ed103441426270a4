package flow

import (
	"context"
	"fmt"

	"wire.example/wire/sdk/connector"
)

// parcelsAhead is how many finished blocks a lane may have waiting for their turn while it works on the next: three, so that a lane does not
// stand still because another one's block takes longer, or another one had to leave its core to a task for a while.
const parcelsAhead = 3

// finishedShare: while finished blocks that wait for their turn have one part in so many of the budget a lane that has some begins no other.
const finishedShare = 16

// parcel is what a block came to: the encoded rows for each sink, and what must be settled in the block's turn. Its lane fills it. If the
// turn has not come by then, whoever finishes the block before writes it and gives it back.
type parcel struct {
	lane    *lane
	ticket  int64
	inTurn  bool
	waiting int64 // bytes that it adds to those of the pipeline that wait for their turn

	// What is kept of the block, whose bytes may be overwritten by now.
	split     int // noSplit: the parcel is a mark's
	name      string
	starts    bool // the block is the first one of its file
	offset    int64
	ack       func(error)
	refusable bool

	lines   int // see lineNumbers
	maxTime int64
	told    told // if dated
	dated   bool // it has left the timeline
	news    []splitNews
	rejects []rejected // that become dead letters
	failing rejected   // what ends the pipeline, if fails
	fails   bool
	tooMuch bool // the block, which can be refused, came to more than maxRefusableBytes
	// letterBytes is the memory of rejects, in a block that can be refused.
	letterBytes int64

	chunks []connector.Chunk // by number of the lane's ends
	// consignments are the rows for stages, by number of the lane's exits.
	consignments []*consignment
	// pieces says which sinks were given a piece of the block before its end.
	pieces []bool
}

// newParcel makes an empty parcel with a chunk for each end of l, and a consignment for each exit.
func (l *lane) newParcel() (*parcel, error) {
	p := &parcel{lane: l, chunks: make([]connector.Chunk, len(l.endOrder)), pieces: make([]bool, len(l.endOrder))}
	for i, e := range l.endOrder {
		chunk, err := e.task.sink.NewChunk()
		if err != nil {
			return nil, fmt.Errorf("sink %q: %w", e.task.plan.Name, err)
		}
		p.chunks[i] = chunk
	}
	for _, e := range l.exits {
		p.consignments = append(p.consignments, newConsignment(e.outlet))
	}
	return p, nil
}

// begin makes the parcel that of the lane's block, or of a mark if block is false.
func (p *parcel) begin(ticket int64, block bool) {
	p.ticket, p.inTurn = ticket, false
	p.split, p.name, p.starts, p.offset, p.ack, p.refusable = noSplit, "", false, 0, nil, false
	if block {
		b := &p.lane.block
		p.split, p.name = b.Split, b.Name
		p.starts = b.Header || b.Offset == int64(len(b.FileHeader))
		p.offset, p.ack, p.refusable = b.Offset, b.Ack, b.Refusable
	}
	clear(p.rejects)
	clear(p.pieces)
	p.told, p.dated, p.news = told{}, false, nil
	p.lines, p.maxTime, p.rejects, p.fails, p.tooMuch, p.letterBytes = 0, minTime, p.rejects[:0], false, false, 0
}

// takeTurn waits until every earlier block has been written.
func (p *parcel) takeTurn() error {
	if p.inTurn {
		return nil
	}
	p.inTurn = true
	return p.lane.source.turn.wait(p.ticket)
}

// fail answers the block with err, if somebody waits for an answer.
func (p *parcel) fail(err error) {
	if p.ack != nil {
		p.ack(err)
		p.ack = nil
	}
}

// deliver settles the parcel and hands its rows to the sinks. In its turn.
func (p *parcel) deliver() error {
	source, refused := p.lane.source, p.fails && p.canRefuse()
	if refused {
		p.maxTime = minTime
	}
	if err := source.date(p, nil); err != nil {
		return err
	}
	if err := source.passWake(p); err != nil {
		return err
	}
	if refused {
		p.refuse(&p.failing)
		return source.passTime(p)
	}
	parts := len(p.chunks)
	if len(p.rejects) > 0 {
		parts++
	}
	if len(p.consignments) > 0 {
		parts++
	}
	acks := newAckGroup(p.ack, parts)
	p.ack = nil
	if err := source.settle(p, acks); err != nil {
		acks.done(err)
		return err
	}
	for i := range p.chunks {
		if err := p.flush(i, acks); err != nil {
			return err
		}
	}
	if len(p.consignments) == 0 {
		return nil
	}
	source.owe(acks)
	for _, c := range p.consignments {
		if err := c.send(); err != nil {
			return err
		}
	}
	return source.passTime(p)
}

// flush writes chunk number i. In the parcel's turn. ack, if not nil, is told when the rows are delivered, those of earlier pieces too.
func (p *parcel) flush(i int, ack *ackGroup) error {
	if rows, _ := p.chunks[i].Size(); rows == 0 && (ack == nil || !p.pieces[i]) {
		ack.done(nil)
		return nil
	}
	p.pieces[i] = true
	chunk, err := p.lane.endOrder[i].task.write(p.lane.ctx, p.lane.source.index, p.chunks[i], ack)
	p.chunks[i] = chunk
	return err
}

// memory is about what the rows of p take, in bytes.
func (p *parcel) memory() int64 {
	var total int64
	for _, c := range p.chunks {
		_, bytes := c.Size()
		total += bytes
	}
	for _, c := range p.consignments {
		total += c.memory()
	}
	return total
}

// freeParcel waits for a parcel that l can fill; and where too much waits for its turn, until none of l's does: others have tickets before it, and deliver them.
func (l *lane) freeParcel(ctx context.Context) (*parcel, error) {
	p, err := l.nextFree(ctx)
	drawn := 1
	for ; err == nil && drawn < cap(l.free) && l.source.pipeline.isFarAhead(); drawn++ {
		l.drawn = append(l.drawn, p)
		p, err = l.nextFree(ctx)
	}
	for _, other := range l.drawn {
		l.free <- other
	}
	l.drawn = l.drawn[:0]
	return p, err
}

// isFarAhead reports whether what waits for its turn has its share of the budget.
func (p *Pipeline) isFarAhead() bool { return p.ahead.Load() > p.settings.Budget.Limit()/finishedShare }

// nextFree waits for a parcel that has been delivered.
func (l *lane) nextFree(ctx context.Context) (*parcel, error) {
	select {
	case p := <-l.free:
		return p, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// pass delivers p, if its turn has come, and everything that waits behind it; else it leaves p to the lane before.
func (l *lane) pass(p *parcel) error {
	ahead := &l.source.pipeline.ahead
	if !p.inTurn {
		p.waiting = p.memory()
		ahead.Add(p.waiting)
		mine, err := l.source.turn.offer(p)
		if err != nil {
			p.fail(err)
			return err
		}
		if !mine {
			return nil
		}
	}
	for p != nil {
		ahead.Add(-p.waiting)
		p.waiting = 0
		if err := p.deliver(); err != nil {
			return err
		}
		p.lane.free <- p
		p = l.source.turn.done()
	}
	return nil
}
