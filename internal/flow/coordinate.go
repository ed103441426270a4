package flow

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"wire.example/wire/internal/foundation/fault"
	"wire.example/wire/internal/state/store"
	"wire.example/wire/sdk/connector"
)

// coordinator starts epochs, collects what sources and sinks report, publishes the manifest and commits.
type coordinator struct {
	pipeline *Pipeline
	changed  chan struct{} // one token: something was reported
	wanted   chan struct{} // one token: an epoch is asked for

	mu      sync.Mutex
	last    int64 // number of the last epoch begun
	current *epochState
	asking  []string     // who asked for an epoch that has not begun
	ended   map[int]part // by source index
	over    map[*task]bool
	stop    bool
	clock   int64 // processing time, in µs: it never goes back
	// left is what ended tasks have removed, until the epoch that knows of their end has it.
	left map[*task]*store.Changes
	// dropped says that what steps had left that are no more is dropped.
	dropped bool

	// finished gets the end of the epoch that is being finished; busy says that one is.
	finished chan finished
	busy     bool
	// applied is the last epoch whose changes the store has; appliedNow is closed when there is a later one.
	applied    int64
	appliedNow chan struct{}
	// failed counts attempts to store an epoch that failed.
	failed atomic.Int64
}

// finished is how the end of an epoch went.
type finished struct {
	outcome Outcome
	done    bool
	err     error
}

func newCoordinator(p *Pipeline, lastEpoch int64) *coordinator {
	return &coordinator{
		pipeline: p, changed: make(chan struct{}, 1), wanted: make(chan struct{}, 1), last: lastEpoch, ended: map[int]part{}, over: map[*task]bool{},
		left: map[*task]*store.Changes{}, finished: make(chan finished, 1), appliedNow: make(chan struct{}),
	}
}

func (c *coordinator) notify() {
	select {
	case c.changed <- struct{}{}:
	default:
	}
}

// snapshot takes a source's report: at a barrier, or that its input is over. Called in the source's turn.
func (c *coordinator) snapshot(s *sourceTask, epoch int64, p part) {
	c.mu.Lock()
	if p.ended {
		c.ended[s.index] = p
	} else if c.current != nil && c.current.number == epoch {
		c.current.contribute(s.index, p)
	}
	c.mu.Unlock()
	c.notify()
}

// taskSnapshot takes a task's report at a barrier.
func (c *coordinator) taskSnapshot(t *task, epoch int64, p taskPart, states map[string]operatorState) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	defer c.notify()
	if c.current == nil || c.current.number != epoch {
		return nil
	}
	fault.Point("epoch/task-sealed")
	if p.draining {
		c.current.draining++
	}
	return c.current.contributeTask(t.index, p, states)
}

// taskDrained takes what a task had changed when it passed the barrier of an epoch.
func (c *coordinator) taskDrained(epoch int64, changes *store.Changes) {
	c.mu.Lock()
	if c.current != nil && c.current.number == epoch {
		c.current.draining--
		c.current.changes = append(c.current.changes, changes)
	}
	c.mu.Unlock()
	c.notify()
}

// taskEnded takes a task's report that it has ended and sent on all it had, and what is to be removed of its state; nil for nothing.
func (c *coordinator) taskEnded(t *task, removed *store.Changes) {
	c.mu.Lock()
	c.over[t] = true
	if removed != nil {
		c.left[t] = removed
	}
	c.mu.Unlock()
	c.notify()
}

// request asks for an epoch soon.
func (c *coordinator) request() {
	select {
	case c.wanted <- struct{}{}:
	default:
	}
}

// sinkPrepared takes a sink's report.
func (c *coordinator) sinkPrepared(t *sinkTask, epoch int64, state json.RawMessage) {
	c.mu.Lock()
	if c.current != nil && c.current.number == epoch {
		c.current.prepared[t.plan.Name] = state
	}
	c.mu.Unlock()
	c.notify()
}

// run drives epochs until the pipeline is finished or stopped: at every tick, where it is asked to, and at the end. At every beat processing time goes on. Both may
// be nil.
func (c *coordinator) run(ctx context.Context, stop <-chan struct{}, tick, beat <-chan time.Time) (Outcome, error) {
	enough := c.pipeline.enough
	defer func() {
		if c.busy {
			<-c.finished
		}
	}()
	for {
		select {
		case <-ctx.Done():
			return Outcome{}, context.Cause(ctx)
		case f := <-c.finished:
			c.busy = false
			if f.done || f.err != nil {
				return f.outcome, f.err
			}
			c.mu.Lock()
			c.current = nil
			c.mu.Unlock()
		case <-stop:
			stop = nil
			c.stop = true
			c.begin()
		case <-enough:
			enough = nil
			c.stop = true
			c.begin()
		case <-tick:
			c.begin()
		case <-beat:
			c.beat()
		case <-c.wantedNow():
			c.begin()
		case <-c.changed:
		}
		if err := c.advance(ctx); err != nil {
			return Outcome{}, err
		}
	}
}

// wantedNow is where requests come from; while an epoch is under way they wait, for it may not be the one that they ask for.
func (c *coordinator) wantedNow() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.current != nil {
		return nil
	}
	return c.wanted
}

// begin starts an epoch unless one is under way.
func (c *coordinator) begin() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.current != nil {
		return
	}
	c.last++
	c.readClock()
	c.current = newEpochState(c.last, len(c.pipeline.sources), len(c.pipeline.tasks), len(c.pipeline.sinkOrder), c.stop)
	c.current.clock = c.clock
	c.current.asking, c.asking = c.asking, nil
	for _, s := range c.pipeline.sources {
		if _, over := c.ended[s.index]; !over {
			s.post(barrier{epoch: c.last, stop: c.stop, clock: c.clock})
		}
	}
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
	for _, s := range c.pipeline.sources {
		if _, over := c.ended[s.index]; !over {
			s.tick(c.clock)
		}
	}
}

// advance does what the reports so far allow.
func (c *coordinator) advance(ctx context.Context) error {
	if c.busy {
		return nil
	}
	c.mu.Lock()
	idle := c.current == nil
	allEnded := len(c.ended) == len(c.pipeline.sources) && len(c.over) == len(c.pipeline.tasks)
	c.mu.Unlock()
	if idle {
		if !allEnded && !c.stop {
			return nil
		}
		c.begin()
	}
	if err := c.passForEnded(ctx); err != nil {
		return err
	}
	c.mu.Lock()
	epoch := c.current
	complete := epoch.complete()
	c.mu.Unlock()
	if complete {
		c.busy = true
		go func() { c.finished <- c.finish(ctx, epoch) }()
	}
	return nil
}

// passForEnded passes the epoch's barrier at the sinks for the sources and tasks that will pass no more themselves. Tasks need no barrier from
// a producer that has ended.
func (c *coordinator) passForEnded(ctx context.Context) error {
	c.mu.Lock()
	epoch := c.current
	var writers []int
	for _, s := range c.pipeline.sources {
		if p, over := c.ended[s.index]; over && !epoch.sources[s.index].done {
			epoch.contribute(s.index, p)
			writers = append(writers, s.index)
		}
	}
	for _, t := range c.pipeline.tasks {
		if c.over[t] && !epoch.tasks[t.index].done {
			epoch.tasks[t.index] = taskPart{done: true, ended: true}
			if removed := c.left[t]; removed != nil {
				epoch.changes = append(epoch.changes, removed)
				delete(c.left, t)
			}
			writers = append(writers, t.writer)
		}
	}
	c.mu.Unlock()
	for _, writer := range writers {
		if err := c.pipeline.toSinks(ctx, writer, epoch.number); err != nil {
			return err
		}
	}
	return nil
}

// finish publishes the epoch, commits the sinks and lets the sources forget what is durable. It runs beside everything else.
func (c *coordinator) finish(ctx context.Context, epoch *epochState) finished {
	final := epoch.final()
	manifest := c.pipeline.manifest(epoch, final)
	if fault.Weak("epoch/published-first") {
		if err := c.pipeline.commit(ctx, manifest); err != nil {
			return finished{err: err}
		}
	}
	if err := c.store(ctx, epoch, manifest); err != nil {
		return finished{err: err}
	}
	fault.Point("epoch/published")
	c.answer(epoch)
	if err := c.pipeline.commit(ctx, manifest); err != nil {
		return finished{err: err}
	}
	fault.Point("epoch/committed")
	for _, s := range c.pipeline.sources {
		s.owed.committed(epoch.number, epoch.sources[s.index].ended)
		if a, ok := s.reader.(connector.Acknowledger); ok {
			if err := a.Acknowledge(ctx, epoch.number); err != nil {
				return finished{err: fmt.Errorf("source %q: %w", s.plan.Name, err)}
			}
		}
	}
	fault.Point("epoch/acknowledged")
	if err := c.pipeline.confirmed(ctx, manifest); err != nil {
		if fault.IsFatal(err) || c.pipeline.settings.Keeper == nil || ctx.Err() != nil {
			return finished{err: err}
		}
		// The epoch is published and committed: what could not be tidied up is, after the next one or at the next start.
		c.failed.Add(1)
		c.pipeline.settings.Log.Warn("older checkpoints could not be removed", "epoch", epoch.number, "error", err)
	}
	fault.Point("epoch/confirmed")
	return finished{outcome: Outcome{Finished: final, Manifest: manifest}, done: final || epoch.stop}
}

// store puts what changed into the store and publishes the manifest. What fails is tried again: rows go on meanwhile.
func (c *coordinator) store(ctx context.Context, epoch *epochState, manifest *Manifest) error {
	if keeper := c.pipeline.settings.Keeper; keeper != nil {
		if dropped := c.pipeline.settings.Resume.dropObsolete(); dropped != nil && !c.dropped {
			epoch.changes = append(epoch.changes, dropped)
			c.dropped = true
		}
		if err := c.persist(ctx, epoch.number, "write state", func(ctx context.Context) error { return keeper.Apply(ctx, epoch.number, epoch.changes) }); err != nil {
			return err
		}
		epoch.changes = nil
		c.mu.Lock()
		c.applied = epoch.number
		close(c.appliedNow)
		c.appliedNow = make(chan struct{})
		c.mu.Unlock()
		fault.Point("epoch/applied")
	}
	return c.persist(ctx, epoch.number, "publish", func(ctx context.Context) error { return c.pipeline.publish(ctx, manifest) })
}

// How a checkpoint that fails is tried again.
const (
	publishTimeout  = 10 * time.Minute
	publishAttempts = 10
	firstBackoff    = time.Second
	largestBackoff  = time.Minute
)

// persist does what makes an epoch durable until it succeeds: publishAttempts times, each no longer than publishTimeout. It does so once where nothing but a manifest file is
// written. The error of another run that owns the pipeline is final.
func (c *coordinator) persist(ctx context.Context, epoch int64, what string, do func(context.Context) error) error {
	attempts := 1
	if c.pipeline.settings.Keeper != nil {
		attempts = publishAttempts
	}
	wait := firstBackoff
	for attempt := 1; ; attempt++ {
		limited, cancel := context.WithTimeoutCause(ctx, publishTimeout, fmt.Errorf("it took longer than %v", publishTimeout))
		err := do(limited)
		cancel()
		if err == nil || fault.IsFatal(err) || ctx.Err() != nil {
			return err
		}
		c.failed.Add(1)
		if attempt == attempts {
			if attempts > 1 {
				err = fmt.Errorf("checkpoint of epoch %d: %s failed %d times in a row: %w", epoch, what, attempts, err)
			}
			return err
		}
		c.pipeline.settings.Log.Warn("a checkpoint failed and is tried again; rows go on", "epoch", epoch, "what", what, "attempt", attempt, "again_in", wait, "error", err)
		timer := c.pipeline.settings.Clock.NewTimer(wait)
		select {
		case <-timer.C():
		case <-ctx.Done():
			timer.Stop()
			return context.Cause(ctx)
		}
		wait = min(2*wait, largestBackoff)
	}
}

// hasApplied reports whether the store has what was changed in an epoch, and returns what is closed when that may be so.
func (c *coordinator) hasApplied(epoch int64) (applied bool, wait <-chan struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.applied >= epoch, c.appliedNow
}
