package flow

import (
	"fmt"

	"wire.example/wire/internal/operator/op"
)

// watchTime makes the sources tell their watermarks, if there is anybody to hear them.
func (p *Pipeline) watchTime() error {
	if !p.asksForTime() {
		return nil
	}
	for _, s := range p.sources {
		if s.plan.EventTime < 0 || !s.producer.leads() {
			continue
		}
		splits, err := s.reader.Snapshot()
		if err != nil {
			return fmt.Errorf("source %q: %w", s.plan.Name, err)
		}
		s.times = newSplitTimes(len(splits), s.plan.Delay)
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

// splitTimes are the largest event times of a source's splits, in µs. Touched only in turn.
type splitTimes struct {
	// known is how many splits the source had when it was opened. Before something was read of each there is no watermark.
	known int
	delay int64
	most  map[int]int64
	last  int64
}

func newSplitTimes(known int, delay int64) *splitTimes {
	return &splitTimes{known: known, delay: delay, most: map[int]int64{}, last: minTime}
}

// note notes the largest event time of a block of split, minTime if it has none. It returns the source's watermark, the least of its splits',
// and whether that has moved.
func (t *splitTimes) note(split int, micros int64) (watermark int64, moved bool) {
	if micros > minTime {
		if most, seen := t.most[split]; !seen || micros > most {
			t.most[split] = micros
		}
	}
	if len(t.most) < max(t.known, 1) {
		return minTime, false
	}
	first := true
	var least int64
	for _, most := range t.most {
		if first || most < least {
			least, first = most, false
		}
	}
	if least < minTime+t.delay || least-t.delay <= t.last {
		return t.last, false
	}
	t.last = least - t.delay
	return t.last, true
}
