package flow

import (
	"sync/atomic"
	"time"
)

// stopwatch says how long an epoch has been waited for, times apart in which rows waited for room or for a sink: then its barriers stand behind those rows, and nothing is wrong with it. It is data.
type stopwatch struct {
	most   time.Duration
	spent  time.Duration
	looked time.Duration // when it was last looked at, on a clock that never goes back
}

// look notes the time that has passed, which does not count if pressed says so, and reports whether it has come to too much.
func (p *stopwatch) look(now time.Duration, pressed bool) (over bool) {
	if !pressed {
		p.spent += now - p.looked
	}
	p.looked = now
	return p.spent >= p.most
}

// again begins anew.
func (p *stopwatch) again() { p.spent = 0 }

// How often an epoch that is waited for is looked at: a part of what it may take, and no less often than mostLook.
const (
	lookShare = 8
	mostLook  = time.Second
	leastLook = time.Millisecond
)

// every is the time between two looks.
func (p *stopwatch) every() time.Duration { return max(min(p.most/lookShare, mostLook), leastLook) }

// pressed reports whether rows wait: a sink takes none just now, a task has more than it can do, or it gives the answer that comes at the end of its input. Who waits for an epoch, his own or that
// of others, presses nobody.
func (p *Pipeline) pressed() bool {
	for _, t := range p.sinkOrder {
		if t.pushing.Load() > 0 {
			return true
		}
	}
	for _, t := range p.tasks {
		if t.busy() {
			return true
		}
	}
	return false
}

// busy reports whether the task works on rows while more wait.
func (t *task) busy() bool {
	if t.checkpointing.Load() > 0 || t.producer.waits.Load() > 0 {
		return false
	}
	for _, sink := range t.pipeline.sinkOrder {
		if sink.waits[t.writer].Load() {
			return false
		}
	}
	return t.finishing.Load() || t.inbox.presses()
}

// during counts a time in c.
func during(c *atomic.Int32) (end func()) {
	c.Add(1)
	return func() { c.Add(-1) }
}
