package flow

import (
	"context"
	"fmt"

	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/sqlstate"
)

// lane is one worker of a source: it decodes a block, pushes the rows through its own copy of the chain and, in its turn, writes what came
// out. Everything in it belongs to its goroutine.
type lane struct {
	ctx     context.Context
	source  *sourceTask
	pool    *batch.Pool
	decoder codec.Decoder
	// decodesTime says that the decoder tells event times.
	decodesTime bool
	lines       lineNumbers
	next        []receiver
	chain
	ends map[*sinkTask]*sinkEnd
	// endOrder are the ends in the order of the plan, so that every lane writes sinks in the same order.
	endOrder []*sinkEnd
	exits    []*laneExit
	// dating is nil if no row need know what time it was before it.
	dating *dating

	block codec.Block
	clock int64 // that its timed steps know
	// cur is the parcel that the lane fills; free are those that it may fill next.
	cur   *parcel
	free  chan *parcel
	drawn []*parcel // see freeParcel
}

func newLane(source *sourceTask, pool *batch.Pool) (*lane, error) {
	l := &lane{source: source, pool: pool, ends: map[*sinkTask]*sinkEnd{}}
	l.chain = newChain(l, source.pipeline, 0, 1)
	var err error
	if l.decoder, err = source.newDecoder(pool); err != nil {
		return nil, err
	}
	l.decodesTime = source.decodeSpec().Times != nil
	l.lines = newLineNumbers(l.decoder)
	if l.next, err = l.newEdges(source.plan.Next); err != nil {
		return nil, err
	}
	for _, s := range l.order {
		if !isStateless(s.op) {
			return nil, fmt.Errorf("internal error: step %q keeps state, or waits for marks, and does not stand in a stage", s.plan.Name)
		}
	}
	l.free = make(chan *parcel, 1+parcelsAhead)
	for range cap(l.free) {
		p, err := l.newParcel()
		if err != nil {
			return nil, err
		}
		l.free <- p
	}
	return l, nil
}

// run works until the source is at its end, a stop barrier passed, or the pipeline failed.
func (l *lane) run(ctx context.Context) error {
	l.ctx = ctx
	for {
		var err error
		if l.cur, err = l.freeParcel(ctx); err != nil {
			return err
		}
		item, err := l.source.take(ctx, l)
		if err != nil || item.kind == itemNone {
			return err
		}
		l.cur.begin(item.ticket, item.kind == itemBlock)
		l.cur.news = item.news
		if item.kind == itemBlock {
			err = l.work(item.clock)
		} else {
			err = l.mark(item)
		}
		if err != nil {
			return err
		}
	}
}

// work is one block, from bytes to sinks; clock is the processing time of its rows.
func (l *lane) work(clock int64) error {
	if len(l.timed) > 0 && clock != l.clock {
		l.clock = clock
		if err := l.setTime(clock); err != nil {
			return err
		}
	}
	l.lines.begin(&l.block)
	read := l.decode
	if l.block.Oversize != nil {
		read = l.rejectOversize
	}
	if err := read(); err != nil {
		l.cur.fail(err)
		return err
	}
	l.release()
	return l.pass(l.cur)
}

// decode runs the block's records through decoder and chain.
func (l *lane) decode() error {
	if err := l.decoder.Begin(&l.block); err != nil {
		return err
	}
	if l.dating != nil {
		l.dating.begin()
	}
	stats, records := &l.source.stats, 0
	for more := true; more; {
		b, res, err := l.decoder.Decode()
		if err != nil {
			return err
		}
		more = res.More
		for i := range res.Rejects {
			if err := l.rejectRecord(&l.block, &res.Rejects[i]); err != nil {
				return err
			}
		}
		records += res.Records
		stats.Records.Add(int64(res.Records))
		addIf(&stats.Filtered, int64(res.Filtered))
		addIf(&stats.Rejected, int64(len(res.Rejects)))
		if l.decodesTime {
			l.cur.maxTime = max(l.cur.maxTime, res.Top)
		}
		if b != nil {
			addIf(&stats.Rows, int64(b.Rows()))
		}
		if err := l.enterChain(b, res); err != nil {
			return err
		}
	}
	l.cur.lines = l.lines.passed(records)
	return l.flushAll()
}

// enterChain pushes the decoded rows of b, which may be nil, into the chain, at once or when they have their dates.
func (l *lane) enterChain(b *batch.Batch, res *codec.Result) error {
	switch {
	case l.dating != nil:
		return l.dating.push(b, res)
	case b == nil || b.Rows() == 0:
		return nil
	}
	b.Before = nil // nobody asks
	return l.pushAll(b)
}

// pushAll pushes b into everything behind the source.
func (l *lane) pushAll(b *batch.Batch) error {
	for _, next := range l.next {
		if err := next.push(b); err != nil {
			return err
		}
	}
	return nil
}

// rejectOversize notes a record that is longer than the limit.
func (l *lane) rejectOversize() error {
	o := l.block.Oversize
	err := sqlstate.Errorf(sqlstate.ProgramLimitExceeded, "record of %d bytes is longer than max_record_bytes (%d)", o.Length, o.Limit)
	l.cur.lines = 1
	l.source.stats.Records.Add(1)
	l.source.stats.Rejected.Add(1)
	return l.rejectRecord(&l.block, &codec.Reject{End: len(l.block.Buf.Data), Err: err})
}

// mark is a barrier, a tick or the end of input, in its turn.
func (l *lane) mark(item item) error {
	p := l.cur
	if err := p.takeTurn(); err != nil {
		return err
	}
	if err := l.source.date(p, &item); err != nil {
		return err
	}
	err := l.source.passTime(p)
	if err != nil {
		return err
	}
	switch item.kind {
	case itemEnd:
		err = l.source.ended(item)
	case itemTick:
		err = l.source.producer.mark(entryTime, item.clock)
	case itemNews: // was passed with the time
	default:
		err = l.source.passBarrier(l.ctx, item)
	}
	if err != nil {
		return err
	}
	l.free <- p
	if next := l.source.turn.done(); next != nil {
		next.inTurn = true
		return l.pass(next)
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

// alive returns what ended the run, if something did.
func (l *lane) alive() error { return context.Cause(l.ctx) }

// close gives the lane's memory back, when all lanes of the source have ended: tasks may have much to do behind the end of a source.
func (l *lane) close() {
	if l.block.Buf != nil {
		l.block.Buf.Release()
		l.block.Buf = nil
	}
	if l.dating != nil {
		l.dating.close()
	}
	l.decoder, l.lines, l.cur, l.free, l.exits, l.next = nil, lineNumbers{}, nil, nil, nil, nil
}
