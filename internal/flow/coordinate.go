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

	mu      sync.Mutex
	last    int64 // number of the last epoch begun
	current *epochState
	ended   map[int]part
	stop    bool
}

func newCoordinator(p *Pipeline, lastEpoch int64) *coordinator {
	return &coordinator{pipeline: p, changed: make(chan struct{}, 1), last: lastEpoch, ended: map[int]part{}}
}

func (c *coordinator) notify() {
	select {
	case c.changed <- struct{}{}:
	default:
	}
}

// snapshot takes a source's report: at a barrier, or that its input is over. Called in the source's turn.
func (c *coordinator) snapshot(s *sourceTask, epoch int64, p part, states map[string]operatorState) {
	c.mu.Lock()
	if p.ended {
		c.ended[s.index] = p
	} else if c.current != nil && c.current.number == epoch {
		c.current.contribute(s.index, p, states)
	}
	c.mu.Unlock()
	c.notify()
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

// run drives epochs until the pipeline is finished or stopped. tick may be nil.
func (c *coordinator) run(ctx context.Context, stop <-chan struct{}, tick <-chan time.Time) (Outcome, error) {
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
		case <-c.changed:
		}
		outcome, done, err := c.advance(ctx)
		if done || err != nil {
			return outcome, err
		}
	}
}

// begin starts an epoch unless one is under way.
func (c *coordinator) begin() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.current != nil {
		return
	}
	c.last++
	c.current = newEpochState(c.last, len(c.pipeline.sources), len(c.pipeline.sinkOrder), c.stop)
	for _, s := range c.pipeline.sources {
		if _, over := c.ended[s.index]; !over {
			s.post(barrier{epoch: c.last, stop: c.stop})
		}
	}
}

// advance does what the reports so far allow.
func (c *coordinator) advance(ctx context.Context) (Outcome, bool, error) {
	for {
		c.mu.Lock()
		idle := c.current == nil
		allEnded := len(c.ended) == len(c.pipeline.sources)
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

// passForEnded passes the epoch's barrier for the sources that will pass no more themselves.
func (c *coordinator) passForEnded(ctx context.Context) error {
	c.mu.Lock()
	epoch := c.current
	var pass []*sourceTask
	for _, s := range c.pipeline.sources {
		if p, over := c.ended[s.index]; over && !epoch.sources[s.index].done {
			epoch.contribute(s.index, p, nil)
			pass = append(pass, s)
		}
	}
	c.mu.Unlock()
	for _, s := range pass {
		if err := s.toSinks(ctx, epoch.number); err != nil {
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
