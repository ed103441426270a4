package flow

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync/atomic"

	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/plan/physical"
	"wire.example/wire/internal/state/store"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/sqlstate"
)

// task is one partition of a stage: one goroutine with operators of its own. It takes from its inbox, pushes rows through its chain, and sends
// on what comes out as soon as nothing waits, or earlier where a receiver has nothing to do.
type task struct {
	chain
	ctx      context.Context
	stage    *stage
	number   int // in the stage
	index    int // among the tasks of the pipeline
	writer   int // its number at sinks
	head     *step
	inbox    *inbox
	align    *alignment
	producer *producer
	exits    []*taskExit
	ends     []*taskEnd
	dead     *deadLetters // nil if the plan has none
	sated    bool         // it has said that it needs no more rows
	passed   int64        // the watermark told to those behind
	idle     bool         // they were told not to wait for it
	// barrierClock is the coordinator's clock at the last barrier.
	barrierClock int64
	// kept is how the state of steps goes to the store, changes what was written of the sealed epoch; nil when all was.
	kept    []*keptStep
	changes *store.Changes
	sealed  int64 // its epoch
	booked  int64 // bytes of changes, in Pipeline.pending
	// lull is how long rows have waited for company while changes were written.
	lull lull
	// ahead is a piece of the epoch on its way to the store, nil if there is none; held says that nothing more can be written before it is there. refused says that the store did not take
	// one: the rest of the epoch waits for its end.
	ahead         *ahead
	held, refused bool
	piece         int64 // bytes that go ahead at once
	away          bool  // some of its state is not in memory, as of the last barrier
	// checkpointing is above 0 while it works for an epoch, or waits for one; finishing says that all its input is over.
	checkpointing atomic.Int32
	finishing     atomic.Bool
}

// open makes the chain.
func (t *task) open() error {
	var err error
	if t.head, err = t.newStep(t.stage.plan.Head); err != nil {
		return err
	}
	if letters := t.pipeline.plan.DeadLetters; letters != nil {
		t.dead, err = newDeadLetters(t.pipeline.sinks[letters], t.pipeline.settings.Pool, t.pipeline.settings.Clock)
	}
	return err
}

// owns reports whether the task has the key group.
func (t *task) owns(g op.KeyGroup) bool { return int(t.stage.owner[g]) == t.number }

// restore gives the operators the state they had.
func (t *task) restore(from map[string]operatorState) error {
	return t.downwards(func(s *step) error { return s.restore(t.owns, from) })
}

// run works until every producer has ended, a stop barrier has passed, or the pipeline failed.
func (t *task) run(ctx context.Context) error {
	t.ctx = ctx
	if err := t.begin(); err != nil {
		return err
	}
	if err := t.replay(); err != nil {
		return err
	}
	if err := t.goOn(); err != nil {
		return err
	}
	t.noteSated()
	for {
		e, from, err := t.next()
		if err != nil || from == nil {
			return err
		}
		if err := t.handleAndRead(e, from); err != nil {
			return err
		}
		if err := t.drainSome(); err != nil {
			return err
		}
		if t.limited {
			if err := t.passWatermark(); err != nil {
				return err
			}
		}
		t.noteSated()
		if t.align.over() {
			return t.over()
		}
	}
}

// next takes what waits. While nothing does, what waits for company is sent, and what was sealed is written; it returns no queue once nothing more comes.
func (t *task) next() (e entry, from *queue, err error) {
	for {
		if e, from, err = t.inbox.take(false); err != nil || from != nil {
			if t.lull.waiting {
				t.lull.came(t.pipeline.settings.Clock.Monotonic())
			}
			return e, from, err
		}
		writes := t.writes()
		if !writes || t.lull.over(t.pipeline.settings.Clock.Monotonic()) {
			t.lull = lull{}
			if err := t.hurry(); err != nil {
				return e, nil, err
			}
		}
		if err := t.drainSome(); err != nil {
			return e, nil, err
		}
		if writes || t.writes() { // what waits for company still does
			continue
		}
		if t.hasUnread() && !t.inbox.isClosed() {
			if err := t.readOn(); err != nil {
				return e, nil, err
			}
			continue
		}
		if e, from, err = t.inbox.take(true); err != nil || from != nil || !t.held {
			return e, from, err
		}
		if err := t.awaitAhead(); err != nil { // it has landed, or nothing more comes
			return e, nil, err
		}
	}
}

// goOn tells a restored operator of the inputs that were over: it hears that before anything else.
func (t *task) goOn() error {
	if t.stage.restored() {
		return nil
	}
	for _, input := range t.stage.before {
		if err := t.inputEnd(input); err != nil {
			return err
		}
	}
	return nil
}

func (t *task) inputEnd(input int) error {
	multi := t.head.multi
	if multi == nil {
		return nil
	}
	return t.head.drainEnd(input, func(out *op.Output) (bool, error) { return multi.OnInputEnd(input, out) })
}

// handleAndRead handles what was taken, and then reads some of what a restore has left unread.
func (t *task) handleAndRead(e entry, from *queue) error {
	if !t.hasUnread() {
		return t.handle(e, from)
	}
	began := t.pipeline.settings.Clock.Monotonic()
	if err := t.handle(e, from); err != nil {
		return err
	}
	return t.readBehind(e.kind, began)
}

func (t *task) handle(e entry, from *queue) error {
	switch e.kind {
	case entryRows:
		return t.work(e.carton)
	case entryWatermark:
		return t.advance(from, e.mark)
	case entryTime:
		return t.tick(from, e.mark)
	case entryIdle:
		return t.rest(from, e.mark != 0)
	case entryBarrier:
		aligned := t.align.barrier(from.number, e.mark)
		t.barrierClock = max(t.barrierClock, e.clock)
		if aligned {
			return t.barrier()
		}
		if t.align.holds(from.number) {
			from.hold(e.mark)
		}
		return nil
	default:
		return t.end(from)
	}
}

// work is one carton of rows.
func (t *task) work(c *carton) error {
	input := c.home.exchange.To.Number
	if slices.Contains(t.stage.before, input) {
		return fmt.Errorf("an input of stage %q had ended when the checkpoint was made, and has grown since; begin anew with --fresh", t.stage.plan.Name)
	}
	err := t.head.pushInput(input, c.rows.Batch())
	c.giveBack()
	if err != nil {
		return err
	}
	for _, e := range t.exits {
		if err := e.sendIdle(); err != nil {
			return err
		}
	}
	return nil
}

// hurry emits and sends everything that waits for company: nothing more is coming just now.
func (t *task) hurry() error {
	if t.stage.restored() { // it has said everything
		return nil
	}
	if err := t.flushAll(); err != nil {
		return err
	}
	return t.send()
}

// writes reports whether there is sealed state that can be written just now.
func (t *task) writes() bool { return t.changes != nil && !t.held }

// send hands on what the chain has put out.
func (t *task) send() error {
	for _, e := range t.exits {
		if err := e.rows.send(); err != nil {
			return err
		}
	}
	for _, e := range t.ends {
		if err := e.flush(); err != nil {
			return err
		}
	}
	return nil
}

// advance notes the watermark of a producer, tells the operators of what moved by it, and passes that on.
func (t *task) advance(from *queue, micros int64) error {
	t.align.advance(from.number, micros)
	return t.settle()
}

// settle acts on how far event time has come.
func (t *task) settle() error {
	inputs, moved := t.align.settle(t.pipeline.idleness.pass)
	for _, input := range inputs {
		if err := t.inputWatermark(input, t.align.inputs[input].watermark); err != nil {
			return err
		}
	}
	if moved {
		if err := t.passWatermark(); err != nil {
			return err
		}
	}
	return t.passIdle()
}

// rest notes whether a producer's event time is not to be waited for.
func (t *task) rest(from *queue, idle bool) error {
	t.align.rest(from.number, idle)
	if !idle { // those behind must wait before they hear of anything else
		if err := t.passIdle(); err != nil {
			return err
		}
	}
	return t.settle()
}

// passIdle tells those behind whether they are to wait for the task's event time.
func (t *task) passIdle() error {
	idle := t.align.idle()
	if idle == t.idle {
		return nil
	}
	t.idle = idle
	if err := t.send(); err != nil {
		return err
	}
	if idle {
		return t.producer.mark(entryIdle, 1)
	}
	return t.producer.mark(entryIdle, 0)
}

// passWatermark tells the steps of the merged watermark, and those behind the task of what the steps let through.
func (t *task) passWatermark() error {
	if t.stage.restored() || t.align.merged == minTime {
		return nil
	}
	if err := t.spreadWatermark(t.align.merged); err != nil {
		return err
	}
	passed := t.passedOn()
	if passed <= t.passed || passed == math.MaxInt64 { // the end follows and says the same
		return nil
	}
	t.passed = passed
	if err := t.send(); err != nil {
		return err
	}
	return t.producer.mark(entryWatermark, passed)
}

// begin tells the operators what time it is when the run begins, before anything else.
func (t *task) begin() error {
	if t.stage.restored() || len(t.timed) == 0 {
		return nil
	}
	t.align.passTime(t.pipeline.began)
	return t.setTime(t.pipeline.began)
}

// tick notes that a producer has told of the time micros, and passes it on when all have.
func (t *task) tick(from *queue, micros int64) error {
	clock, moved := t.align.tick(from.number, micros)
	if !moved {
		return nil
	}
	if err := t.passTime(clock); err != nil {
		return err
	}
	return t.producer.mark(entryTime, clock)
}

// passTime tells the operators what time it is.
func (t *task) passTime(clock int64) error {
	if t.stage.restored() {
		return nil
	}
	if err := t.setTime(clock); err != nil {
		return err
	}
	return t.send()
}

func (t *task) inputWatermark(input int, micros int64) error {
	h, ok := t.head.op.(op.InputWatermarkHandler)
	if !ok || slices.Contains(t.stage.before, input) {
		return nil
	}
	return t.head.drain(input, func(out *op.Output) (bool, error) { return h.OnInputWatermark(input, micros, out) })
}

// barrier is the aligned barrier: operators emit what they hold back, their state is taken, and the barrier goes on behind what they emitted. That of an epoch which was given up
// ends here: those behind wait for no barrier of it.
func (t *task) barrier() error {
	epoch := t.align.aligned
	if t.pipeline.worker.gaveUp(epoch) {
		t.inbox.release()
		return nil
	}
	t.checkpointing.Add(1)
	defer t.checkpointing.Add(-1)
	if clock, moved := t.align.passTime(t.barrierClock); moved {
		if err := t.passTime(clock); err != nil {
			return err
		}
	}
	states := map[string]operatorState{}
	snapshot := func(s *step) error {
		if t.pipeline.settings.Keeper != nil || t.pipeline.settings.Scratch != nil {
			return nil // below, all at once, or nobody wants it
		}
		return s.snapshot(t.owns, states)
	}
	err := t.downwards(func(s *step) error {
		if t.stage.restored() {
			return snapshot(s)
		}
		if err := s.flushOut(); err != nil {
			return err
		}
		if h, ok := s.op.(op.BarrierHandler); ok {
			if err := s.drain(wholeOperator, func(out *op.Output) (bool, error) { return h.OnBarrier(epoch, out) }); err != nil {
				return err
			}
		}
		return snapshot(s)
	})
	if err != nil {
		return err
	}
	if err := t.send(); err != nil {
		return err
	}
	if err := t.seal(epoch); err != nil { // behind all that may wait: the coordinator must hear of it before what was sealed is written
		return err
	}
	at := taskPart{over: t.overInputs(), watermark: t.align.merged, draining: t.changes != nil, highest: t.highest(), outlines: t.outlines()}
	if err := t.tell(epoch, taskSealed{At: at, States: states}); err != nil {
		return err
	}
	if err := t.producer.sendMark(entry{kind: entryBarrier, mark: epoch, clock: t.barrierClock}); err != nil {
		return err
	}
	if err := t.pipeline.toSinks(t.ctx, t.writer, epoch); err != nil {
		return err
	}
	t.inbox.release()
	return nil
}

// overInputs are the inputs that the head has been told are over.
func (t *task) overInputs() []int {
	over := t.align.ended()
	for _, input := range t.stage.before {
		if !slices.Contains(over, input) {
			over = append(over, input)
		}
	}
	slices.Sort(over)
	return over
}

// end notes that a producer has ended: event time has come to its end there, and inputs that it led to alone are over.
func (t *task) end(from *queue) error {
	if err := t.advance(from, math.MaxInt64); err != nil {
		return err
	}
	for _, input := range t.align.end(from.number) {
		if !slices.Contains(t.stage.before, input) {
			if err := t.inputEnd(input); err != nil {
				return err
			}
		}
		t.stage.inputOver(input)
	}
	if !t.align.over() && t.align.align() { // the others have passed a barrier already
		return t.barrier()
	}
	return nil
}

// over is the end of all input: operators emit the rest, and the end goes on behind it.
func (t *task) over() error {
	t.finishing.Store(true)
	defer t.finishing.Store(false)
	if !t.stage.restored() {
		err := t.downwards(func(s *step) error {
			if err := s.tellEnd(); err != nil {
				return err
			}
			if ender, ok := s.op.(op.Ender); ok {
				return s.drainEnd(wholeOperator, ender.OnEnd)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	if err := t.send(); err != nil {
		return err
	}
	if err := t.producer.mark(entryEnd, 0); err != nil {
		return err
	}
	left, err := t.drainAll()
	if left != nil {
		t.pipeline.worker.keepLeft(t.index, left)
	}
	return errors.Join(err, t.tell(0, taskEnded{}))
}

// tell tells the coordinator about an epoch, 0 for none in particular.
func (t *task) tell(epoch int64, body any) error {
	return t.pipeline.worker.report(t.index, epoch, body)
}

// alive returns what ended the run.
func (t *task) alive() error { return context.Cause(t.ctx) }

// rejectRow deals with a bad row by the policy of its step. Where in the input it came from is not known here.
func (t *task) rejectRow(step string, policy physical.OnError, _ *batch.Batch, _ int, err *sqlstate.Error) error {
	switch policy {
	case physical.Drop:
		return nil
	case physical.Fail:
		return &RowError{Step: step, Err: err}
	default:
		return t.dead.write(t.ctx, t.writer, &rejected{step: step, err: err, record: -1, line: -1, offset: -1}, 0, nil)
	}
}
