package flow

import (
	"time"

	"wire.example/wire/internal/foundation/fault"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/plan/physical"
)

// How often sources look whether splits are idle or have ended, unless a time-out or processing time wants it sooner: where splits may be idle, and where they
// only come and go, which most often a block tells.
const idleBeat, splitBeat = 100 * time.Millisecond, time.Second

// soonestTick is how often processing time is told at the most that a step of the plan asks for; 0: none asks.
func (p *Pipeline) soonestTick() time.Duration {
	soonest := time.Duration(0)
	chains := make([]*chain, 0, len(p.tasks)+len(p.sources))
	for _, t := range p.tasks {
		chains = append(chains, &t.chain)
	}
	for _, s := range p.sources {
		chains = append(chains, &s.lanes[0].chain)
	}
	for _, c := range chains {
		for _, s := range c.timed {
			tick := time.Duration(s.plan.Tick) * time.Microsecond
			if soonest == 0 || tick < soonest {
				soonest = tick
			}
		}
	}
	return soonest
}

// beginTime notes what processing time it is before anything is read, not earlier than in the run that this one goes on from, and returns when sources are to
// look at the clock: to tell the time, and to find out which splits are idle.
func (p *Pipeline) beginTime() (beat <-chan time.Time, stop func()) {
	if p.tick > 0 {
		p.began = p.settings.Clock.Now().UnixMicro()
		if m := p.settings.Resume; m != nil && !fault.Weak("stage/clock") {
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
	every := p.tick
	for _, s := range p.sources {
		if s.watch == nil {
			continue
		}
		look := splitBeat
		if s.watch.after > 0 {
			look = min(idleBeat, max(s.watch.after/idleLooks, time.Millisecond))
		}
		if every == 0 || look < every {
			every = look
		}
	}
	return every
}

// idleLooks is how many looks make a time-out, at least.
const idleLooks = 4

// isTimed reports whether a step is to be told what processing time it is.
func isTimed(plan *physical.Step, operator op.Operator) bool {
	if plan.Tick == 0 {
		return false
	}
	switch operator.(type) {
	case op.Timed, op.TimeHandler:
		return true
	}
	return false
}
