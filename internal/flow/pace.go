package flow

import (
	"math"
	"sync"
)

// pacing keeps sources together in event time, so that what joins them need not keep much: a source that is too far ahead of the slowest one is not read
// until that has caught up. Barriers, ticks and the end pass all the same.
//
// A source is aligned if its plan has a bound (Source.Drift), or if it is bounded and a stage merges its watermark with that of another such source: then it may
// be a few blocks ahead, and does not wait for one that has just nothing to read.
//
// It locks nobody up. Of the sources that are waited for, the slowest one is read: it has not ended, is not behind a gate, needed or idle. What it waits for
// is behind it, and nothing there waits for rows of another source: tasks take from all producers but at a barrier, which those that pause pass. All methods are
// safe for concurrent use.
type pacing struct {
	mu      sync.Mutex
	members []*pace
}

// pace is where one aligned source stands. Its fields are guarded by the pacing's lock.
type pace struct {
	all    *pacing
	source *sourceTask
	// drift is the plan's bound in µs, 0 where it is a few blocks; delay is the distance of watermark and event time then, span the longest way in
	// event time that a block has brought the source.
	drift, delay, span int64
	watermark          int64
	// Nobody waits for a source that is behind a gate, is idle or has ended.
	gated, idle, ended bool
	// hungry says that it had nothing to read when it was last asked.
	hungry bool
	paused bool
}

// blocksAhead is how many blocks a source without a bound of its own may be ahead.
const blocksAhead = 4

// align makes the pacing of the plan's sources, where there is anything to be aligned.
func (p *Pipeline) align() {
	all := &pacing{}
	for _, s := range p.sources {
		if s.times != nil && (s.plan.Drift > 0 || p.merges(s)) {
			s.pace = &pace{all: all, source: s, drift: s.plan.Drift, delay: s.plan.Delay, watermark: minTime, gated: len(s.gates) > 0}
			all.members = append(all.members, s.pace)
			s.times.pace = s.pace
		}
	}
	if len(all.members) > 1 {
		return
	}
	for _, m := range all.members {
		m.source.pace, m.source.times.pace = nil, nil
	}
}

// merges reports whether s is bounded, and a stage merges its event time with that of another bounded source.
func (p *Pipeline) merges(s *sourceTask) bool {
	timed := func(i int) bool {
		other := p.sources[i]
		return other.times != nil && other.plan.Type.Bounded(other.plan.Config)
	}
	if !timed(s.index) {
		return false
	}
	for _, stage := range p.stageOrder {
		here, others := false, false
		for _, root := range stage.tasks[0].producer.roots {
			here = here || root == s.index
			others = others || root != s.index && timed(root)
		}
		if here && others {
			return true
		}
	}
	return false
}

// mayRead reports whether the source may be read. If it may not, it is roused when that changes.
func (m *pace) mayRead() bool {
	if m == nil {
		return true
	}
	m.all.mu.Lock()
	defer m.all.mu.Unlock()
	m.gated = false
	slowest := m.all.slowest(m)
	if m.paused = slowest != nil && m.ahead(slowest.watermark); m.paused && m.drift == 0 && !slowest.hungry {
		slowest.source.rouse() // it may have nothing to read, which it finds out when it is roused
	}
	return !m.paused
}

// slowest returns the source that m is to wait for, nil if there is none.
func (a *pacing) slowest(m *pace) *pace {
	var slowest *pace
	for _, other := range a.members {
		switch {
		case other == m || other.gated || other.idle || other.ended || m.drift == 0 && other.hungry:
		case other.watermark == minTime && !other.source.plan.Type.Bounded(other.source.plan.Config): // not heard of, perhaps never
		case slowest == nil || other.watermark < slowest.watermark:
			slowest = other
		}
	}
	return slowest
}

// ahead reports whether m is too far ahead of a source whose watermark is other.
func (m *pace) ahead(other int64) bool {
	bound := m.drift
	if bound == 0 {
		bound = m.delay + blocksAhead*m.span
	}
	return m.watermark >= math.MinInt64+bound && m.watermark-bound > other
}

// release rouses the sources that may be read again, and those that wait for input and must not take it any more. The lock is held.
func (a *pacing) release() {
	for _, m := range a.members {
		slowest := a.slowest(m)
		ahead := slowest != nil && m.ahead(slowest.watermark)
		if m.paused && !ahead || ahead && !m.paused && m.drift > 0 {
			m.paused = false
			m.source.rouse()
		}
	}
}

// note notes what a ticket of the source had to tell of event time, and its watermark, which is later than what it told if it has just woken.
func (m *pace) note(said told, watermark int64) {
	if m == nil || !said.moved && !said.woke && !said.slept {
		return
	}
	m.all.mu.Lock()
	defer m.all.mu.Unlock()
	if said.woke || said.slept {
		m.idle = said.slept
	}
	if said.moved && m.watermark > minTime {
		m.span = max(m.span, watermark-m.watermark)
	}
	m.watermark = max(m.watermark, watermark)
	m.all.release()
}

// end says that the source has ended.
func (m *pace) end() {
	if m == nil {
		return
	}
	m.all.mu.Lock()
	defer m.all.mu.Unlock()
	m.ended = true
	m.all.release()
}

// ate notes whether a Poll has found anything.
func (m *pace) ate(something bool) {
	if m == nil {
		return
	}
	m.all.mu.Lock()
	defer m.all.mu.Unlock()
	if m.hungry == something {
		m.hungry = !something
		if m.hungry {
			m.all.release()
		}
	}
}
