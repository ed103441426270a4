package optest

import (
	"math"
	"slices"

	"pgregory.net/rapid"

	"wire.example/wire/internal/operator/op"
	"wire.example/wire/sdk/batch"
)

// Before are the watermarks that may be told of inputs whose rows say what the watermark of their own split was (batch.Before): never more than any row
// that follows will say. For Operator.Watermarks.
func Before(inputs []*batch.Batch) [][]int64 {
	return bounds(inputs, func(_ int, b *batch.Batch, row int) int64 {
		if b.Before == nil {
			return math.MaxInt64
		}
		return b.Before[row]
	})
}

// Bound returns the watermarks that may be told where no row may have an earlier time than the watermark less lag, in µs. Columns are, by input, the BIGINT, DATE or
// timestamp with the time, a NULL of which bounds nothing; a negative column bounds nothing. For Operator.Watermarks and Operator.Times.
func Bound(lag int64, columns ...int) func(inputs []*batch.Batch) [][]int64 {
	return func(inputs []*batch.Batch) [][]int64 {
		return bounds(inputs, func(input int, b *batch.Batch, row int) int64 {
			if columns[input] < 0 || b.Cols[columns[input]].IsNull(row) {
				return math.MaxInt64
			}
			at := b.Cols[columns[input]].Int64s()[row]
			if lag > 0 && at > math.MaxInt64-lag {
				return math.MaxInt64
			}
			return at + lag
		})
	}
}

// AnyTime bounds nothing: for Operator.Times.
func AnyTime(inputs []*batch.Batch) [][]int64 {
	return bounds(inputs, func(int, *batch.Batch, int) int64 { return math.MaxInt64 })
}

// bounds makes the least of all that follow out of what each row allows.
func bounds(inputs []*batch.Batch, allows func(input int, b *batch.Batch, row int) int64) [][]int64 {
	list := make([][]int64, len(inputs))
	for i, b := range inputs {
		list[i] = make([]int64, b.Len)
		least := int64(math.MaxInt64)
		for row := b.Len - 1; row >= 0; row-- {
			least = min(least, allows(i, b, row))
			list[i][row] = least
		}
	}
	return list
}

// clock draws when a run is told of time.
type clock struct {
	watermarks, times [][]int64
	told              []int64
	now               int64
}

func newClock(o *Operator, inputs []*batch.Batch) *clock {
	c := &clock{now: math.MinInt64}
	if o.Watermarks != nil {
		c.watermarks = o.Watermarks(inputs)
	}
	if o.Times != nil {
		c.times = o.Times(inputs)
	}
	for range inputs {
		c.told = append(c.told, math.MinInt64)
	}
	return c
}

// draw appends what a run is told before its next rows, of which left rows are to come of each input.
func (c *clock) draw(t *rapid.T, events []event, left []int, done []bool) []event {
	if rapid.IntRange(0, 3).Draw(t, "flush") == 0 {
		events = append(events, event{kind: flush})
	}
	if c.watermarks != nil && rapid.Bool().Draw(t, "watermark") {
		for i := range left {
			if done[i] {
				continue
			}
			bound := bound(c.watermarks[i], left[i])
			if to := drawTime(t, c.told[i], bound); to > c.told[i] {
				c.told[i] = to
				events = append(events, event{kind: watermark, input: i, micros: to})
			}
		}
	}
	if c.times != nil && rapid.Bool().Draw(t, "tick") {
		least := int64(math.MaxInt64)
		for i := range left {
			least = min(least, bound(c.times[i], left[i]))
		}
		if to := drawTime(t, c.now, least); to > c.now {
			c.now = to
			events = append(events, event{kind: tick, micros: to})
		}
	}
	return events
}

// bound is what may be told when left of the rows are to come.
func bound(bounds []int64, left int) int64 {
	if left == 0 {
		return math.MaxInt64
	}
	return bounds[len(bounds)-left]
}

// drawTime draws a time after last, at most bound: often bound itself, since that is where mistakes show.
func drawTime(t *rapid.T, last, bound int64) int64 {
	if bound == math.MaxInt64 {
		const step = 100
		if last < math.MinInt64/2 {
			last = 0
		}
		return min(last, math.MaxInt64-step) + int64(rapid.IntRange(0, step).Draw(t, "later"))
	}
	return bound - int64(rapid.SampledFrom([]int{0, 0, 0, 1, 10}).Draw(t, "earlier"))
}

// watermark tells the instances that an input has reached micros, and of the least of all inputs if that has moved.
func (r *run) watermark(input int, micros int64) error {
	if micros <= r.marks[input] {
		return nil
	}
	r.marks[input] = micros
	err := r.each(func(in *instance) error {
		if h, ok := in.op.(op.InputWatermarkHandler); ok {
			return r.event(in, input, func(out *op.Output) (bool, error) { return h.OnInputWatermark(input, micros, out) })
		}
		return nil
	})
	if err != nil {
		return err
	}
	merged := slices.Min(r.marks)
	if merged <= r.merged {
		return nil
	}
	r.merged = merged
	return r.each(func(in *instance) error {
		if err := r.flush(in); err != nil {
			return err
		}
		if h, ok := in.op.(op.WatermarkHandler); ok {
			return r.event(in, -1, func(out *op.Output) (bool, error) { return h.OnWatermark(merged, out) })
		}
		return nil
	})
}

// tick tells the instances the processing time.
func (r *run) tick(micros int64) error {
	return r.each(func(in *instance) error {
		if err := r.flush(in); err != nil {
			return err
		}
		if timed, ok := in.op.(op.Timed); ok {
			timed.SetTime(micros)
		}
		if h, ok := in.op.(op.TimeHandler); ok {
			return r.event(in, -1, func(out *op.Output) (bool, error) { return h.OnTime(micros, out) })
		}
		return nil
	})
}

// flush makes an operator emit what it holds back for batching's sake.
func (r *run) flush(in *instance) error {
	if f, ok := in.op.(op.Flusher); ok {
		return r.event(in, -1, f.OnFlush)
	}
	return nil
}
