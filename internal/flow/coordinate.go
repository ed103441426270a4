package flow

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

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
	ended   map[int]part // by source index
	over    map[*task]bool
	stop    bool
	clock   int64 // processing time, in µs: it never goes back
}

func newCoordinator(p *Pipeline, lastEpoch int64) *coordinator {
	return &coordinator{pipeline: p, changed: make(chan struct{}, 1), wanted: make(chan struct{}, 1), last: lastEpoch, ended: map[int]part{}, over: map[*task]bool{}}
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
	return c.current.contributeTask(t.index, p, states)
}

// taskEnded takes a task's report that it has ended and sent on all it had.
func (c *coordinator) taskEnded(t *task) {
	c.mu.Lock()
	c.over[t] = true
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
	for {
		select {
		case <-ctx.Done():
			return Outcome{}, context.Cause(ctx)
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
		outcome, done, err := c.advance(ctx)
		if done || err != nil {
			return outcome, err
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
	for _, s := range c.pipeline.sources {
		if _, over := c.ended[s.index]; !over {
			s.post(barrier{epoch: c.last, stop: c.stop, clock: c.clock})
		}
	}
}

// readClock moves processing time on to the clock's, if anybody asks. The lock is held.
func (c *coordinator) readClock() {
	if c.pipeline.ticks {
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
func (c *coordinator) advance(ctx context.Context) (Outcome, bool, error) {
	for {
		c.mu.Lock()
		idle := c.current == nil
		allEnded := len(c.ended) == len(c.pipeline.sources) && len(c.over) == len(c.pipeline.tasks)
		c.mu.Unlock()
		if idle {
			if !allEnded && !c.stop {
				return Outcome{}, false, nil
			}
			c.begin()
		}
		if err := c.passForEnded(ctx); err != nil {
			return Outcome{}, false, err
		}
		c.mu.Lock()
		epoch := c.current
		complete := epoch.complete()
		c.mu.Unlock()
		if !complete {
			return Outcome{}, false, nil
		}
		outcome, done, err := c.finish(ctx, epoch)
		if done || err != nil {
			return outcome, done, err
		}
	}
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

// finish publishes the epoch, commits the sinks and lets the sources forget what is durable.
func (c *coordinator) finish(ctx context.Context, epoch *epochState) (Outcome, bool, error) {
	final := epoch.final()
	manifest := c.pipeline.manifest(epoch, final)
	if err := c.pipeline.publish(manifest); err != nil {
		return Outcome{}, false, err
	}
	if err := c.pipeline.commit(ctx, manifest); err != nil {
		return Outcome{}, false, err
	}
	for _, s := range c.pipeline.sources {
		s.owed.committed(epoch.number, epoch.sources[s.index].ended)
		if a, ok := s.reader.(connector.Acknowledger); ok {
			if err := a.Acknowledge(ctx, epoch.number); err != nil {
				return Outcome{}, false, fmt.Errorf("source %q: %w", s.plan.Name, err)
			}
		}
	}
	if final {
		if err := c.pipeline.publish(manifest); err != nil { // again, now that it is confirmed
			return Outcome{}, false, err
		}
	}
	c.mu.Lock()
	c.current = nil
	c.mu.Unlock()
	return Outcome{Finished: final, Manifest: manifest}, final || epoch.stop, nil
}
