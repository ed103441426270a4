package flow

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"wire.example/wire/internal/foundation/clock"
	"wire.example/wire/internal/foundation/fault"
)

// coordinator starts epochs, collects what sources and sinks report, publishes the manifest and commits. Which epochs are under way is epochs' to say.
type coordinator struct {
	pipeline *Pipeline
	origin   origin
	changed  chan struct{} // one token: something was reported
	wanted   chan struct{} // one token: an epoch is asked for

	mu        sync.Mutex
	epochs    epochs
	current   *epochState  // what is collected or stored; nil if nothing is
	asking    []string     // who asked for an epoch that has not begun
	ended     map[int]part // by source index
	over      map[int]bool // by task index
	stop      bool
	clock     int64 // processing time, in µs: it never goes back
	lastError error // why the last attempt failed
	// stopped is closed when the run is told to stop, by whoever runs it.
	stopped chan struct{}

	// The run's own. stored and committed get how that went; queue are the published epochs that are to be committed, the first of them now if committing.
	ctx        context.Context //nolint:containedctx // of the run
	stored     chan published
	committed  chan finished
	queue      []published
	committing bool
	// watch looks at the epoch that is collected, pause ends the pause after one that was given up; nil: there is nothing to wait for.
	watch, pause clock.Timer
	stopwatch    stopwatch
	wait         time.Duration // of the next pause

	counts checkpointCounts
}

// checkpointCounts are what CheckpointReport tells.
type checkpointCounts struct{ published, failed, givenUp, confirmed, last, foreign atomic.Int64 }

// published is an epoch that was published, or why it was not.
type published struct {
	epoch    *epochState
	manifest *Manifest
	err      error
}

// finished is how the commit of an epoch went.
type finished struct {
	outcome Outcome
	done    bool
	err     error
}

func newCoordinator(p *Pipeline, lastEpoch int64) *coordinator {
	return &coordinator{
		pipeline: p, origin: originOf(p.settings.Identity), changed: make(chan struct{}, 1), wanted: make(chan struct{}, 1), epochs: epochs{last: lastEpoch, most: p.settings.failures()},
		ended: map[int]part{}, over: map[int]bool{}, stopped: make(chan struct{}),
		stored: make(chan published, 1), committed: make(chan finished, 1), ctx: context.Background(), wait: firstBackoff,
	}
}

func (c *coordinator) notify() {
	select {
	case c.changed <- struct{}{}:
	default:
	}
}

// order gives the worker an order, and returns what came of it.
func (c *coordinator) order(ctx context.Context, epoch int64, body any) error {
	return c.pipeline.worker.take(ctx, order{Origin: c.origin, Epoch: epoch, Body: body})
}

// say gives the worker an order that cannot fail, but for a run that is not the worker's, which ends this one.
func (c *coordinator) say(epoch int64, body any) {
	c.pipeline.failOn(c.order(c.ctx, epoch, body))
}

// take takes a report. One of another run, or of an epoch that is not collected any more, says nothing to this one. The error is a mistake of ours.
func (c *coordinator) take(r report) error {
	if r.Origin != c.origin && !fault.Weak("message/origin") {
		c.counts.foreign.Add(1)
		c.pipeline.settings.Log.Warn("a report of another run is not heeded", "lineage", r.Origin.Lineage, "generation", r.Origin.Generation)
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	defer c.notify()
	switch body := r.Body.(type) {
	case sourceEnded:
		body.At.ended = true
		c.ended[r.From] = body.At
		return nil
	case taskEnded:
		c.over[r.From] = true
		return nil
	}
	if c.current == nil || c.current.number != r.Epoch {
		return nil
	}
	switch body := r.Body.(type) {
	case sourceSealed:
		c.current.contribute(r.From, body.At)
	case taskSealed:
		fault.Point("epoch/task-sealed")
		if body.At.draining {
			c.current.draining++
		}
		return c.current.contributeTask(r.From, body.At, body.States)
	case taskDrained:
		c.current.draining--
	case sinkPrepared:
		c.current.prepared[c.pipeline.sinkOrder[r.From].plan.Name] = body.State
	default:
		return fmt.Errorf("internal error: unknown report %T", body)
	}
	return nil
}

// request asks for an epoch soon.
func (c *coordinator) request() {
	select {
	case c.wanted <- struct{}{}:
	default:
	}
}

// run drives epochs until the pipeline is finished or stopped: at every tick, where it is asked to, and at the end. At every beat processing time goes on. Both may
// be nil.
func (c *coordinator) run(ctx context.Context, stop <-chan struct{}, tick, beat <-chan time.Time) (Outcome, error) {
	c.ctx = ctx
	enough := c.pipeline.enough
	defer c.settle()
	for {
		var err error
		select {
		case <-ctx.Done():
			return Outcome{}, context.Cause(ctx)
		case p := <-c.stored:
			err = c.publishedNow(p)
		case f := <-c.committed:
			c.committing = false
			if f.err == nil {
				c.confirmedNow()
			}
			if f.done || f.err != nil {
				return f.outcome, reasonOf(ctx, f.err)
			}
		case <-stop:
			stop = nil
			c.stop = true
			close(c.stopped)
			c.say(0, stopReading{})
		case <-enough:
			enough = nil
			c.stop = true
		case <-tick:
			c.begin(false)
		case <-beat:
			c.beat()
		case <-c.wantedNow():
			c.begin(false)
		case <-timerOf(c.watch):
			err = c.look()
		case <-timerOf(c.pause):
			c.pause = nil
			c.mu.Lock()
			c.epochs.resume()
			c.mu.Unlock()
			c.begin(false)
		case <-c.changed:
		}
		if err == nil {
			c.advance()
		}
		if err != nil {
			return Outcome{}, reasonOf(ctx, err)
		}
	}
}

// reasonOf is err or, where the run had failed before, why: what fails from then on fails of that.
func reasonOf(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

func timerOf(t clock.Timer) <-chan time.Time {
	if t == nil {
		return nil
	}
	return t.C()
}

// settle waits for what the run has begun beside itself.
func (c *coordinator) settle() {
	for _, t := range []clock.Timer{c.watch, c.pause} {
		if t != nil {
			t.Stop()
		}
	}
	c.mu.Lock()
	storing := c.epochs.phase == phaseStoring
	c.mu.Unlock()
	if storing {
		<-c.stored
	}
	if c.committing {
		<-c.committed
	}
}

// wantedNow is where requests come from; while no epoch may begin they wait, for the one under way may not be the one that they ask for.
func (c *coordinator) wantedNow() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.epochs.mayBegin(false) {
		return nil
	}
	return c.wanted
}

// begin starts an epoch, if one may begin.
func (c *coordinator) begin(urgent bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.epochs.mayBegin(urgent) {
		return
	}
	if c.pause != nil {
		c.pause.Stop()
		c.pause = nil
	}
	number := c.epochs.begin(c.stop)
	c.readClock()
	c.current = newEpochState(number, len(c.pipeline.sources), len(c.pipeline.tasks), len(c.pipeline.sinkOrder), c.stop)
	c.current.clock = c.clock
	c.current.asking, c.asking = c.asking, nil
	c.say(number, beginEpoch{Sources: c.reading(), Stop: c.stop, Clock: c.clock})
	c.stopwatch = stopwatch{most: c.pipeline.settings.timeout(), looked: c.pipeline.settings.Clock.Monotonic()}
	c.watch = c.pipeline.settings.Clock.NewTimer(c.stopwatch.every())
	fault.Point("epoch/begun")
}

// readClock moves processing time on to the clock's, if anybody asks. The lock is held.
func (c *coordinator) readClock() {
	if c.pipeline.tick > 0 {
		c.clock = max(c.clock, c.pipeline.settings.Clock.Now().UnixMicro())
	}
}

// beat tells all sources what time it is, or to look for themselves.
func (c *coordinator) beat() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.readClock()
	c.say(0, tellTime{Sources: c.reading(), Clock: c.clock})
}

// reading are the sources that have not ended. The lock is held.
func (c *coordinator) reading() []int {
	var reading []int
	for index := range c.pipeline.sources {
		if _, over := c.ended[index]; !over {
			reading = append(reading, index)
		}
	}
	return reading
}

// advance does what the reports so far allow.
func (c *coordinator) advance() {
	c.mu.Lock()
	collecting := c.epochs.phase == phaseCollecting
	allEnded := len(c.ended) == len(c.pipeline.sources) && len(c.over) == len(c.pipeline.tasks)
	c.mu.Unlock()
	if !collecting && (allEnded || c.stop) {
		c.begin(true)
	}
	c.passForEnded()
	c.mu.Lock()
	epoch := c.current
	complete := c.epochs.phase == phaseCollecting && (epoch.complete() || fault.Weak("epoch/prepared-first") && epoch.sealed())
	if complete {
		c.epochs.store()
	}
	c.mu.Unlock()
	if complete {
		c.watch.Stop()
		c.watch = nil
		go func() { c.stored <- c.publish(c.ctx, epoch) }()
	}
}

// passForEnded has the epoch's barrier passed at the sinks for the sources and tasks that will pass no more themselves.
func (c *coordinator) passForEnded() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.epochs.phase != phaseCollecting {
		return
	}
	epoch := c.current
	var due passBarrier
	for index := range c.pipeline.sources {
		if p, over := c.ended[index]; over && !epoch.sources[index].done {
			epoch.contribute(index, p)
			due.Sources = append(due.Sources, index)
		}
	}
	for index := range c.pipeline.tasks {
		if c.over[index] && !epoch.tasks[index].done {
			epoch.tasks[index] = taskPart{done: true, ended: true}
			due.Tasks = append(due.Tasks, index)
		}
	}
	if len(due.Sources)+len(due.Tasks) > 0 {
		c.say(epoch.number, due)
	}
}

// publishedNow notes that an epoch was published: the next one may begin, while the sinks commit it.
func (c *coordinator) publishedNow(p published) error {
	if p.err != nil {
		c.mu.Lock()
		c.epochs.phase = phaseNone
		c.mu.Unlock()
		return p.err
	}
	c.mu.Lock()
	if c.epochs.publish() {
		c.pipeline.settings.Log.Info("checkpoints are taken again", "epoch", p.epoch.number)
	}
	if p.epoch.final() { // its sources had all ended when it began
		c.epochs.final = true
	}
	c.current, c.lastError, c.wait = nil, nil, firstBackoff
	c.mu.Unlock()
	c.counts.published.Add(1)
	c.counts.last.Store(p.epoch.number)
	c.queue = append(c.queue, p)
	c.commitNext()
	return nil
}

// commitNext commits the oldest epoch that is not, unless one is being committed.
func (c *coordinator) commitNext() {
	if c.committing || len(c.queue) == 0 {
		return
	}
	if fault.Weak("epoch/order") {
		slices.Reverse(c.queue)
	}
	next := c.queue[0]
	c.queue = c.queue[1:]
	c.committing = true
	go func() { c.committed <- c.commit(c.ctx, next) }()
}

// confirmedNow notes that the oldest published epoch is committed.
func (c *coordinator) confirmedNow() {
	c.mu.Lock()
	c.epochs.confirm()
	c.mu.Unlock()
	c.counts.confirmed.Add(1)
	c.commitNext()
}
