package flow

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"wire.example/wire/internal/foundation/fault"
	"wire.example/wire/internal/plan/physical"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/connector"
)

// minTime is the event time before any was seen.
const minTime = math.MinInt64

type itemKind uint8

const (
	itemNone    itemKind = iota // nothing left for this lane
	itemBlock                   // the lane's block was filled
	itemBarrier                 // a barrier stands here
	itemTick                    // processing time goes on here
	itemNews                    // splits have become idle, or others
	itemEnd                     // the input is over
)

// item is what a lane takes from its source: a block, or a mark between blocks.
type item struct {
	kind   itemKind
	ticket int64
	epoch  int64
	clock  int64 // the processing time from here on, in µs
	splits []connector.SplitState
	times  map[string]SplitTime // at a barrier, or the end
	news   []splitNews          // of splits, since the ticket before
}

// barrier is a request of the coordinator to every source.
type barrier struct {
	epoch int64
	stop  bool  // nothing is read after it
	clock int64 // the coordinator's, in µs
}

// sourceTask deals the blocks of one source to its lanes and puts what they do back in order.
type sourceTask struct {
	pipeline *Pipeline
	plan     *physical.Source
	index    int
	reader   connector.Reader
	lanes    []*lane
	turn     *turnstile
	wake     chan struct{}
	dead     *deadLetters // nil if the plan has none
	stats    SourceStats
	// producer leads to stages. What goes there goes in turn.
	producer *producer
	owed     owed
	// gates are closed when the source may be read; those that were found closed are gone. Under the read lock.
	gates []<-chan struct{}
	// sated says that nobody needs another row: the source ends.
	sated atomic.Bool
	// stops says that the run was told to stop: nothing is read any more, though the barrier that ends the run may have to wait for an epoch under way.
	stops atomic.Bool

	mu      sync.Mutex // the read lock
	ticket  int64
	over    bool
	request *barrier
	clock   int64 // the last that was told, in µs
	// watch is nil if splits neither come and go nor can be idle.
	watch *splitWatch
	// greets says that what the checkpoint knew of time is still to be told.
	greets bool
	// pace is nil if the source is not aligned with others.
	pace *pace
	// since counts the blocks since the last barrier.
	since int64

	requestMu sync.Mutex
	// ticked is the processing time that is to be told, in µs.
	ticked atomic.Int64

	// records are touched only in turn.
	records recordNumbers
	// times is nil if nobody asks for event time.
	times *timeline
}

func newSourceTask(p *Pipeline, plan *physical.Source, index int) *sourceTask {
	s := &sourceTask{pipeline: p, plan: plan, index: index, turn: newTurnstile(), wake: make(chan struct{}, 1)}
	s.stats.MaxEventTime.Store(minTime)
	s.producer = newProducer(p)
	return s
}

// decodeSpec is the plan's, with the paths of the event time.
func (s *sourceTask) decodeSpec() codec.DecodeSpec {
	spec := s.plan.Decode
	if spec.Times == nil && s.plan.EventTime >= 0 {
		spec.Times = [][]int{{s.plan.EventTime}}
	}
	return spec
}

func (s *sourceTask) newDecoder(pool *batch.Pool) (codec.Decoder, error) {
	spec := s.decodeSpec()
	spec.Pool = pool
	var decoder codec.Decoder
	var err error
	if rows := s.plan.Type.Rows; rows != nil {
		decoder, err = rows.NewDecoder(s.plan.Config, spec)
	} else {
		decoder, err = s.plan.Format.NewDecoder(spec)
	}
	if err != nil {
		return nil, fmt.Errorf("source %q: %w", s.plan.Name, err)
	}
	return decoder, nil
}

// post asks for a barrier at the next read. Only one may be under way.
func (s *sourceTask) post(b barrier) {
	s.requestMu.Lock()
	s.request = &b
	s.requestMu.Unlock()
	s.rouse()
}

// withdraw takes back the barrier of an epoch that was given up, if it was not taken yet.
func (s *sourceTask) withdraw(epoch int64) {
	s.requestMu.Lock()
	defer s.requestMu.Unlock()
	if s.request != nil && s.request.epoch <= epoch {
		s.request = nil
	}
}

// tick asks for the processing time to be told, if it has moved, and for a look at the splits.
func (s *sourceTask) tick(clock int64) {
	s.ticked.Store(clock)
	if s.watch != nil || s.pipeline.tick > 0 {
		s.rouse()
	}
}

// rouse ends the wait of whoever waits for input.
func (s *sourceTask) rouse() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

func (s *sourceTask) takeRequest() *barrier {
	s.requestMu.Lock()
	defer s.requestMu.Unlock()
	b := s.request
	s.request = nil
	return b
}

// patience is how often a lane asks for the read lock before it goes to sleep over it. Another lane holds it for as long as the system needs to
// copy a block, some 20 µs, and waking up would take as long again.
const patience = 200

// lock takes the read lock.
func (s *sourceTask) lock() {
	for range patience {
		if s.mu.TryLock() {
			return
		}
		runtime.Gosched()
	}
	s.mu.Lock()
}

// take fills the lane's block with the next one of the source, or returns the mark that stands next.
func (s *sourceTask) take(ctx context.Context, l *lane) (item, error) {
	s.lock()
	defer s.mu.Unlock()
	for {
		if s.over {
			return item{}, nil
		}
		if err := context.Cause(ctx); err != nil {
			return item{}, err
		}
		if b := s.takeRequest(); b != nil {
			return s.issue(itemBarrier, b)
		}
		if clock := s.ticked.Load(); clock > s.clock {
			s.clock = clock
			return s.issueMark(itemTick), nil
		}
		if s.sated.Load() {
			return s.issue(itemEnd, nil)
		}
		if s.greets {
			s.greets = false
			return s.issueMark(itemNews), nil
		}
		if s.pauses(ctx) {
			s.watch.skip()
			continue
		}
		if l.block.Buf == nil && s.plan.Type.Rows == nil {
			l.block.Buf = l.pool.NewBuffer(firstBuffer)
		}
		if l.block.Buf != nil {
			l.block.Buf.Reset()
		}
		l.block.Ack, l.block.Refusable, l.block.Oversize = nil, false, nil
		s.watch.ask()
		status, err := s.reader.Poll(ctx, s.wake, &l.block)
		switch {
		case err != nil && context.Cause(ctx) != nil:
			return item{}, context.Cause(ctx)
		case err != nil:
			return item{}, fmt.Errorf("source %q: %w", s.plan.Name, err)
		case status == connector.Ready:
			fault.Point("source/block")
			s.pace.ate(true)
			return s.dealt(l), nil
		case status == connector.End:
			return s.issue(itemEnd, nil)
		}
		s.pace.ate(false)
		if news := s.hear(noSplit); news != nil {
			it := s.issueMark(itemNews)
			it.news = news
			return it, nil
		}
	}
}

// pauses waits, if the source must not be read now, and reports whether it did; then everything is to be looked at again.
func (s *sourceTask) pauses(ctx context.Context) bool {
	switch {
	case s.stops.Load():
		s.rest(ctx)
	case len(s.gates) > 0:
		s.waitAtGate(ctx)
	case s.enough():
		s.pipeline.enoughOnce.Do(func() { close(s.pipeline.enough) })
		s.rest(ctx)
	case s.epochIsDue():
		s.pipeline.coordinator.request()
		s.rest(ctx)
	case !s.pace.mayRead():
		s.rest(ctx)
	default:
		return false
	}
	return true
}

// rest waits until something else is to be done.
func (s *sourceTask) rest(ctx context.Context) {
	select {
	case <-s.wake:
	case <-ctx.Done():
	}
}

// hear returns what became of splits by the last Poll, which found a block of split or none (noSplit); nil if nothing did.
func (s *sourceTask) hear(split int) []splitNews {
	news := s.watch.answer(split)
	if len(news) == 0 {
		return nil
	}
	for _, n := range news {
		if n.what == splitIdle {
			s.stats.Idle.Add(1)
		}
	}
	return slices.Clone(news)
}

// waitAtGate waits until the source may be read, or a barrier is asked for.
func (s *sourceTask) waitAtGate(ctx context.Context) {
	select {
	case <-s.gates[0]:
		s.gates = s.gates[1:]
	case <-s.wake:
	case <-ctx.Done():
	}
}

// enough reports whether the source has dealt all that Settings.StopAfter grants.
func (s *sourceTask) enough() bool {
	most := s.pipeline.settings.StopAfter
	return most > 0 && s.stats.Blocks.Load() >= most
}

// epochIsDue reports whether the source has dealt all that Settings.EpochBlocks grants before the next barrier.
func (s *sourceTask) epochIsDue() bool {
	most := s.pipeline.settings.EpochBlocks
	return most > 0 && s.since >= most
}

// firstBuffer is the size of a lane's first block: an idle pipeline stays small.
const firstBuffer = 64 << 10

func (s *sourceTask) dealt(l *lane) item {
	it := item{kind: itemBlock, ticket: s.ticket, clock: s.clock, news: s.hear(l.block.Split)}
	s.ticket++
	s.since++
	s.stats.Blocks.Add(1)
	if l.block.Buf != nil {
		s.stats.Bytes.Add(int64(len(l.block.Buf.Data)))
	}
	return it
}

// issue makes a mark that carries the positions just after the last block.
func (s *sourceTask) issue(kind itemKind, b *barrier) (item, error) {
	splits, err := s.reader.Snapshot()
	if err != nil {
		return item{}, fmt.Errorf("source %q: %w", s.plan.Name, err)
	}
	it := item{kind: kind, ticket: s.ticket, splits: splits}
	s.ticket++
	if b != nil {
		it.epoch = b.epoch
		s.since = 0
		s.clock = max(s.clock, b.clock)
		it.clock = s.clock
		s.over = b.stop
	} else {
		s.over = true
		s.pace.end()
	}
	return it, nil
}

// issueMark makes a mark that carries no positions.
func (s *sourceTask) issueMark(kind itemKind) item {
	it := item{kind: kind, ticket: s.ticket, clock: s.clock}
	s.ticket++
	return it
}

// settle does, in the parcel's turn, what depends on the order of blocks: line numbers, event time, rejected rows. The last dead letter is
// part of the block's delivery, and with it those before; ack hears of it.
func (s *sourceTask) settle(p *parcel, ack *ackGroup) error {
	if p.fails {
		r := &p.failing
		return &RowError{Step: r.step, Name: r.name, Line: s.line(p, r), Offset: r.offset, Column: r.column, Err: r.err}
	}
	if err := s.rejectAll(p, p.rejects, ack); err != nil {
		return err
	}
	s.records.pass(p)
	if p.maxTime > s.stats.MaxEventTime.Load() {
		s.stats.MaxEventTime.Store(p.maxTime)
	}
	return nil
}

// rejectAll writes the dead letters of list, rows of p, in its turn and in the order of their records; ack, if not nil, is told of the last.
func (s *sourceTask) rejectAll(p *parcel, list []rejected, ack *ackGroup) error {
	slices.SortStableFunc(list, func(a, b rejected) int { return cmp.Compare(a.record, b.record) }) // they came step by step
	for i := range list {
		var part *ackGroup
		if i == len(list)-1 {
			part = ack
		}
		if err := s.dead.write(p.lane.ctx, s.index, &list[i], s.line(p, &list[i]), part); err != nil {
			return err
		}
	}
	return nil
}

// line is the number of r's line in its file, from 1; 0 if it is unknown. In the turn of p, before its lines are counted.
func (s *sourceTask) line(p *parcel, r *rejected) int64 {
	if r.line < 0 {
		return 0
	}
	return s.records.before(p) + int64(r.line) + 1
}

// stopReading has all sources read nothing from now on.
func (p *Pipeline) stopReading() {
	for _, s := range p.sources {
		s.stops.Store(true)
		s.rouse()
	}
}

// passBarrier hands the barrier to every task and sink that the source reaches, and its position to the coordinator.
func (s *sourceTask) passBarrier(ctx context.Context, it item) error {
	s.owed.seal(it.epoch)
	if err := s.tell(it.epoch, sourceSealed{At: s.standing(it)}); err != nil {
		return err
	}
	fault.Point("source/barrier")
	if err := s.producer.sendMark(entry{kind: entryBarrier, mark: it.epoch, clock: it.clock}); err != nil {
		return err
	}
	return s.pipeline.toSinks(ctx, s.index, it.epoch)
}

// ended tells the tasks and the coordinator that the input is over. The last epoch is started when every source and task has ended.
func (s *sourceTask) ended(it item) error {
	if err := s.tell(0, sourceEnded{At: s.standing(it)}); err != nil {
		return err
	}
	return s.producer.mark(entryEnd, 0)
}

// standing is where the source stands at a barrier or at its end.
func (s *sourceTask) standing(it item) part {
	return part{splits: it.splits, records: s.records.snapshot(), times: it.times}
}

// tell tells the coordinator about an epoch, 0 for none in particular.
func (s *sourceTask) tell(epoch int64, body any) error {
	return s.pipeline.worker.report(s.index, epoch, body)
}

// toSinks passes the barrier of epoch for a writer at every sink that it reaches.
func (p *Pipeline) toSinks(ctx context.Context, writer int, epoch int64) error {
	for _, t := range p.sinkOrder {
		if t.passed[writer] == math.MaxInt64 {
			continue
		}
		if err := t.barrier(ctx, writer, epoch, false); err != nil {
			return err
		}
	}
	return nil
}

// owe keeps a block's answer until an epoch that has the block is committed. In the block's turn.
func (s *sourceTask) owe(group *ackGroup) {
	if group == nil {
		return
	}
	s.owed.add(group)
	if s.pipeline.settings.EpochEvery <= 0 {
		s.pipeline.coordinator.request()
	}
}

// run starts the lanes and waits for them.
func (s *sourceTask) run(ctx context.Context) error {
	errs := make(chan error, len(s.lanes))
	for _, l := range s.lanes {
		go func() {
			err := l.run(ctx)
			if err != nil {
				s.pipeline.fail(err)
			}
			errs <- err
		}()
	}
	var all []error
	for range s.lanes {
		all = append(all, <-errs)
	}
	for _, l := range s.lanes {
		l.close()
	}
	s.producer.close()
	return errors.Join(all...)
}
