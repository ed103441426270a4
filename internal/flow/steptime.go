package flow

import (
	"math"

	"wire.example/wire/internal/operator/op"
)

// noteTime notes what s has to do with time.
func (c *chain) noteTime(s *step) {
	if isTimed(s.plan, s.op) {
		c.timed = append([]*step{s}, c.timed...)
	}
	if _, ok := s.op.(op.Limiter); ok {
		c.limited = true
	}
}

// spreadWatermark tells every step of the watermark that those before it let through, of which merged comes to the first. Rows that a step holds back for
// batching's sake go before it.
func (c *chain) spreadWatermark(merged int64) error {
	return c.downwards(func(s *step) error {
		watermark := merged
		for i, before := range s.before {
			if i == 0 || before.passed < watermark {
				watermark = before.passed
			}
		}
		if watermark > s.told {
			if err := s.tellWatermark(watermark); err != nil {
				return err
			}
		}
		if limiter, ok := s.op.(op.Limiter); ok {
			watermark = min(watermark, limiter.Limit(s.told))
		}
		s.passed = max(s.passed, watermark)
		return nil
	})
}

// tellWatermark tells the operator of a watermark that is later than the last.
func (s *step) tellWatermark(watermark int64) error {
	if err := s.flushOut(); err != nil {
		return err
	}
	s.told = watermark
	h, ok := s.op.(op.WatermarkHandler)
	if !ok {
		return nil
	}
	return s.drain(wholeOperator, func(out *op.Output) (bool, error) { return h.OnWatermark(watermark, out) })
}

// tellEnd tells the operator, before its end, that event time has come to its end there, if somebody before it had held that back.
func (s *step) tellEnd() error {
	if s.told < math.MaxInt64 && s.chain.limited {
		return s.tellWatermark(math.MaxInt64)
	}
	return s.flushOut()
}

// passedOn is the watermark that may be told to stages behind the chain: the least of the steps that lead there.
func (c *chain) passedOn() int64 {
	least := int64(math.MaxInt64)
	for _, s := range c.order {
		for _, port := range s.ports {
			for _, next := range port {
				if _, ok := next.(*taskExit); ok {
					least = min(least, s.passed)
				}
			}
		}
	}
	return least
}

// setTime tells the steps that ask for it what processing time it is from here on, in µs.
func (c *chain) setTime(micros int64) error {
	for _, s := range c.timed {
		if timed, ok := s.op.(op.Timed); ok {
			if err := s.flushOut(); err != nil {
				return err
			}
			timed.SetTime(micros)
		}
		h, ok := s.op.(op.TimeHandler)
		if !ok {
			continue
		}
		if err := s.flushOut(); err != nil {
			return err
		}
		if err := s.drain(wholeOperator, func(out *op.Output) (bool, error) { return h.OnTime(micros, out) }); err != nil {
			return err
		}
	}
	return nil
}
