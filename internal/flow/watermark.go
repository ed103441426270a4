package flow

import (
	"fmt"
	"slices"

	"wire.example/wire/internal/foundation/fault"
	"wire.example/wire/internal/operator/op"
	"wire.example/wire/sdk/connector"
)

// watchTime makes the sources keep event time, if there is anybody who asks for it: operators that hear of watermarks, or that want to know of each
// row whether it is late.
func (p *Pipeline) watchTime() error {
	asked := p.asksForTime()
	p.noteRoots()
	for _, s := range p.sources {
		if s.decodeSpec().Times == nil || !s.plan.Dated && s.plan.Drift == 0 && !(asked && s.producer.leads()) {
			continue
		}
		if err := s.keepTime(); err != nil {
			return fmt.Errorf("source %q: %w", s.plan.Name, err)
		}
		if s.plan.Dated {
			for _, l := range s.lanes {
				l.dating = newDating(l)
			}
		}
	}
	p.align()
	return nil
}

// noteRoots finds out which sources each task's rows come from.
func (p *Pipeline) noteRoots() {
	for _, s := range p.sources {
		s.producer.roots = []int{s.index}
	}
	for _, s := range p.stageOrder { // each after all that lead to it
		var roots []int
		for _, from := range s.tasks[0].align.producers {
			roots = append(roots, from.from.roots...)
		}
		slices.Sort(roots)
		roots = slices.Compact(roots)
		for _, t := range s.tasks {
			t.producer.roots = roots
		}
		if m := p.settings.Resume; m != nil {
			if reached, ok := m.Watermarks[s.plan.Head.Name]; ok && !fault.Weak("stage/watermark") {
				p.idleness.resume(roots, reached)
			}
		}
	}
}

// keepTime makes the timeline of the source, from where the checkpoint has it.
func (s *sourceTask) keepTime() error {
	splits, err := s.splits()
	if err != nil {
		return err
	}
	s.times = newTimeline(s.index, s.plan.Delay, s.pipeline.idleness)
	var stored map[string]SplitTime
	if m := s.pipeline.settings.Resume; m != nil {
		stored = m.Times[s.plan.Name]
		s.greets = len(stored) > 0
	}
	for _, split := range splits {
		s.times.know(split.Number, split.Name, stored)
	}
	if len(splits) == 0 {
		s.times.know(noSplit, "", stored)
	}
	s.watch = newSplitWatch(s, s.pipeline.settings.Clock, splits)
	return nil
}

// splits are those that the source has now and that have not ended.
func (s *sourceTask) splits() ([]connector.Split, error) {
	if splitter, ok := s.reader.(connector.Splitter); ok {
		return slices.DeleteFunc(splitter.Splits(nil), func(split connector.Split) bool { return split.Ended }), nil
	}
	states, err := s.reader.Snapshot()
	splits := make([]connector.Split, len(states))
	for i, state := range states {
		splits[i] = connector.Split{Number: i, Name: state.Split}
	}
	return splits, err
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
	// woke says that the source was idle before the ticket, slept that it is from here on.
	woke, slept bool
}

// date passes the timeline with p, in its turn, if it has not done so yet, and notes in mark, if p is one, how it stands there.
func (s *sourceTask) date(p *parcel, mark *item) error {
	if s.times == nil || p.dated {
		return nil
	}
	if _, err := s.times.enter(p.ticket, p.split, p.news); err != nil {
		return err
	}
	if mark != nil && (mark.kind == itemBarrier || mark.kind == itemEnd) {
		mark.times = s.times.snapshot()
	}
	p.told, p.dated = s.times.leave(p.split, p.maxTime), true
	return nil
}

// passWake tells the tasks behind the source that it is not idle any more, before the rows of p that follow. In p's turn.
func (s *sourceTask) passWake(p *parcel) error {
	if p.told.woke {
		return s.producer.mark(entryIdle, 0)
	}
	return nil
}

// passTime tells the tasks behind the source how far event time has come by p, whose rows have been sent. In p's turn.
func (s *sourceTask) passTime(p *parcel) error {
	if p.told.moved {
		if err := s.producer.mark(entryWatermark, p.told.watermark); err != nil {
			return err
		}
	}
	if p.told.slept {
		return s.producer.mark(entryIdle, 1)
	}
	return nil
}
