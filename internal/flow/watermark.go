package flow

import (
	"fmt"

	"wire.example/wire/internal/operator/op"
)

// watchTime makes the sources keep event time, if there is anybody who asks for it: operators that hear of watermarks, or that want to know of each
// row whether it is late.
func (p *Pipeline) watchTime() error {
	asked := p.asksForTime()
	for _, s := range p.sources {
		if s.decodeSpec().Times == nil || !s.plan.Dated && !(asked && s.producer.leads()) {
			continue
		}
		splits, err := s.reader.Snapshot()
		if err != nil {
			return fmt.Errorf("source %q: %w", s.plan.Name, err)
		}
		s.times = newTimeline(s.plan.Delay)
		var stored map[string]SplitTime
		if m := p.settings.Resume; m != nil {
			stored = m.Times[s.plan.Name]
		}
		for number, split := range splits {
			s.times.know(number, split.Split, stored)
		}
		if s.plan.Dated {
			for _, l := range s.lanes {
				l.dating = newDating(l)
			}
		}
	}
	return nil
}

// asksForTime reports whether an operator acts on watermarks.
func (p *Pipeline) asksForTime() bool {
	for _, t := range p.tasks {
		for _, s := range t.order {
			switch s.op.(type) {
			case op.WatermarkHandler, op.InputWatermarkHandler:
				return true
			}
		}
	}
	return false
}

// told is what a ticket of a source has to tell the tasks behind the source of event time, in its turn.
type told struct {
	// watermark is the source's after the ticket, if moved.
	watermark int64
	moved     bool
}

// date passes the timeline with p, in its turn, if it has not done so yet, and notes in mark, if p is one, how it stands there.
func (s *sourceTask) date(p *parcel, mark *item) error {
	if s.times == nil || p.dated {
		return nil
	}
	if _, err := s.times.enter(p.ticket, p.split); err != nil {
		return err
	}
	if mark != nil && mark.kind != itemTick {
		mark.times = s.times.snapshot()
	}
	p.told, p.dated = s.times.leave(p.split, p.maxTime), true
	return nil
}

// passTime tells the tasks behind the source how far event time has come by p, whose rows have been sent. In p's turn.
func (s *sourceTask) passTime(p *parcel) error {
	if p.told.moved && s.producer.leads() {
		return s.producer.mark(entryWatermark, p.told.watermark)
	}
	return nil
}
