package flow

import (
	"time"

	"wire.example/wire/internal/operator/op"
)

// defaultBeat is how often processing time is told, where the plan does not say.
const defaultBeat = 100 * time.Millisecond

// asksForClock reports whether a step asks for processing time.
func (p *Pipeline) asksForClock() bool {
	for _, t := range p.tasks {
		if len(t.timed) > 0 {
			return true
		}
	}
	for _, s := range p.sources {
		if len(s.lanes[0].timed) > 0 {
			return true
		}
	}
	return false
}

// beginTime notes what processing time it is before anything is read, not earlier than in the run that this one goes on from, and returns when sources are to
// look at the clock: to tell the time, and to find out which splits are idle.
func (p *Pipeline) beginTime() (beat <-chan time.Time, stop func()) {
	if p.ticks {
		p.began = p.settings.Clock.Now().UnixMicro()
		if m := p.settings.Resume; m != nil {
			p.began = max(p.began, m.Clock)
		}
		p.coordinator.clock = p.began
		for _, s := range p.sources {
			s.clock = p.began
		}
	}
	every := p.beatEvery()
	if every == 0 {
		return nil, func() {}
	}
	t := p.settings.Clock.NewTicker(every)
	return t.C(), t.Stop
}

// beatEvery is how often sources look at the clock, 0 if they need not.
func (p *Pipeline) beatEvery() time.Duration {
	every := time.Duration(p.plan.Tick) * time.Microsecond
	if every <= 0 {
		every = defaultBeat
	}
	watched := false
	for _, s := range p.sources {
		if s.watch == nil {
			continue
		}
		watched = true
		if s.watch.after > 0 {
			every = min(every, max(s.watch.after/idleLooks, time.Millisecond))
		}
	}
	if !watched && !p.ticks {
		return 0
	}
	return every
}

// idleLooks is how many looks make a time-out, at least.
const idleLooks = 4

// isTimed reports whether an operator has to do with processing time.
func isTimed(operator op.Operator) bool {
	switch operator.(type) {
	case op.Timed, op.TimeHandler:
		return true
	}
	return false
}
