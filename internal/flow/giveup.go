package flow

import (
	"errors"
	"fmt"
	"strings"

	"wire.example/wire/internal/foundation/fault"
)

// An epoch that takes too long is given up, and another one begins after a pause. What belongs to it is not lost: sources stand where they stand, sinks tell of all that is not
// committed when they prepare the next one, and what tasks have written of it goes into the store before they seal again. Its barriers, where they are still under way, are waited for
// by nobody.

// errTimeout marks a checkpoint that took too long.
var errTimeout = errors.New("it took too long")

// look looks at the epoch that is collected: whether it has been waited for too long. The error ends the run.
func (c *coordinator) look() error {
	settings := &c.pipeline.settings
	c.watch = nil
	pressed := c.pipeline.pressed() && !fault.Weak("checkpoint/patience")
	if over := c.stopwatch.look(settings.Clock.Monotonic(), pressed); !over || fault.Weak("checkpoint/timeout") {
		c.watch = settings.Clock.NewTimer(c.stopwatch.every())
		return nil
	}
	c.mu.Lock()
	epoch := c.current
	waits := c.waitsFor(epoch)
	c.mu.Unlock()
	err := fmt.Errorf("%w: more than %v, times apart in which rows waited for sinks or for room; still waited for: %s", errTimeout, c.stopwatch.most, waits)
	c.counts.failed.Add(1)
	count, over := c.failed(err)
	if over {
		return fmt.Errorf("checkpoint of epoch %d failed; %d attempts in a row have: %w", epoch.number, count, err)
	}
	c.mu.Lock()
	gone := c.epochs.giveUp(epoch.stop)
	if gone {
		c.asking = append(epoch.asking, c.asking...)
		c.current = nil
	}
	c.mu.Unlock()
	if !gone {
		settings.Log.Warn("the last checkpoint takes long, and is waited for", "epoch", epoch.number, "error", err)
		c.stopwatch.again()
		c.watch = settings.Clock.NewTimer(c.stopwatch.every())
		return nil
	}
	settings.Log.Warn("a checkpoint failed and is tried again; rows go on", "epoch", epoch.number, "what", "align and prepare", "again_in", c.wait, "error", err)
	c.counts.givenUp.Add(1)
	c.say(epoch.number, giveUpEpoch{})
	c.pause = settings.Clock.NewTimer(c.wait)
	c.wait = longer(c.wait)
	return nil
}

// waitsFor names who has not reported. The lock is held.
func (c *coordinator) waitsFor(epoch *epochState) string {
	var names []string
	note := func(name string) {
		if len(names) == 0 || names[len(names)-1] != name {
			names = append(names, name)
		}
	}
	for _, s := range c.pipeline.sources {
		if !epoch.sources[s.index].done {
			note(fmt.Sprintf("source %q", s.plan.Name))
		}
	}
	for _, t := range c.pipeline.tasks {
		if !epoch.tasks[t.index].done {
			note(fmt.Sprintf("step %q", t.stage.plan.Name))
		}
	}
	if epoch.draining > 0 {
		note("state that is being written")
	}
	for _, t := range c.pipeline.sinkOrder {
		if _, prepared := epoch.prepared[t.plan.Name]; !prepared {
			note(fmt.Sprintf("sink %q", t.plan.Name))
		}
	}
	return strings.Join(names, ", ")
}
