package flow

import (
	"math"
	"slices"

	"wire.example/wire/internal/foundation/fault"
)

// alignment is what a task knows of its producers: who has passed which barrier, who has ended, and how far event time has come. It is data:
// the task acts on what it answers.
type alignment struct {
	producers []producerState
	inputs    []inputState
	// aligned is the last barrier that all producers have passed, pending the one that some have.
	aligned, pending int64
	// merged is the least watermark of all inputs.
	merged int64
	// clock is the least time that all producers that have not ended have told of, in µs.
	clock int64
}

type producerState struct {
	inputs    []int // those that it leads to
	passed    int64
	ended     bool
	watermark int64
	clock     int64
	idle      bool
	from      *producer
}

type inputState struct {
	open      int // producers that have not ended
	watermark int64
}

func newAlignment(inputs int) *alignment {
	a := &alignment{inputs: make([]inputState, inputs), merged: minTime, clock: minTime}
	for i := range a.inputs {
		a.inputs[i].watermark = minTime
	}
	return a
}

// add makes a producer, and returns its number.
func (a *alignment) add(from *producer) int {
	a.producers = append(a.producers, producerState{watermark: minTime, clock: minTime, from: from})
	return len(a.producers) - 1
}

// feeds notes that producer p leads to input.
func (a *alignment) feeds(p, input int) {
	if s := &a.producers[p]; !slices.Contains(s.inputs, input) {
		s.inputs = append(s.inputs, input)
		a.inputs[input].open++
	}
}

// holds reports whether p has passed a barrier that others have not: nothing more is taken from it until they have.
func (a *alignment) holds(p int) bool {
	return a.producers[p].passed > a.aligned && !fault.Weak("barrier/align")
}

// barrier notes that p has passed the barrier of epoch, and reports whether all have now: then the task passes it. A producer that has ended
// passes every barrier.
func (a *alignment) barrier(p int, epoch int64) bool {
	a.producers[p].passed = epoch
	a.pending = max(a.pending, epoch)
	return a.align()
}

func (a *alignment) align() bool {
	if a.pending == a.aligned {
		return false
	}
	for _, s := range a.producers {
		if !s.ended && s.passed < a.pending {
			return false
		}
	}
	a.aligned = a.pending
	return true
}

// end notes that p has ended. It returns the inputs that are over by that.
func (a *alignment) end(p int) (over []int) {
	s := &a.producers[p]
	s.ended = true
	for _, input := range s.inputs {
		if a.inputs[input].open--; a.inputs[input].open == 0 {
			over = append(over, input)
		}
	}
	slices.Sort(over)
	return over
}

// ended returns the inputs that are over.
func (a *alignment) ended() (over []int) {
	for i, input := range a.inputs {
		if input.open == 0 {
			over = append(over, i)
		}
	}
	return over
}

// over reports whether all producers have ended.
func (a *alignment) over() bool {
	return !slices.ContainsFunc(a.producers, func(s producerState) bool { return !s.ended })
}

// advance notes that p has reached the event time micros, math.MaxInt64 when it has ended.
func (a *alignment) advance(p int, micros int64) {
	a.producers[p].watermark = max(a.producers[p].watermark, micros)
}

// rest notes whether the event time of p is not to be waited for.
func (a *alignment) rest(p int, idle bool) { a.producers[p].idle = idle }

// waits returns the least watermark of the producers of input that are to be waited for, and the sources because of which others are not. If there are none
// such, awake is false.
func (a *alignment) waits(input int) (least int64, idle []int, awake bool) {
	least = math.MaxInt64
	ended := true
	for _, s := range a.producers {
		switch {
		case !slices.Contains(s.inputs, input):
		case s.watermark == math.MaxInt64:
		case s.idle:
			idle = append(idle, s.from.roots...)
		default:
			least, ended = min(least, s.watermark), false
		}
	}
	return least, idle, !ended || idle == nil
}

// settle finds out how far event time has come by what was noted, and returns the inputs whose watermark moved and whether the least of all inputs did. pass is
// asked whether that may be without waiting for sources that are idle.
func (a *alignment) settle(pass func(sources []int, watermark int64) bool) (inputs []int, moved bool) {
	merged, quiet, heard := int64(math.MaxInt64), []int(nil), false
	for i := range a.inputs {
		input := &a.inputs[i]
		least, idle, awake := a.waits(i)
		quiet = append(quiet, idle...)
		if awake && least > input.watermark && (idle == nil || pass(idle, least)) {
			input.watermark = least
			inputs = append(inputs, i)
		}
		if awake {
			merged, heard = min(merged, input.watermark), true
		}
	}
	if !heard || merged <= a.merged || quiet != nil && (merged == math.MaxInt64 || !pass(quiet, merged)) {
		return inputs, false
	}
	a.merged = merged
	return inputs, true
}

// idle reports whether event time stands still because nobody is to be waited for.
func (a *alignment) idle() bool {
	for i := range a.inputs {
		if _, _, awake := a.waits(i); awake && a.inputs[i].watermark < math.MaxInt64 {
			return false
		}
	}
	return !a.over()
}

// tick notes that p has told of the time micros, and returns the least that all have told of, and whether that has moved.
func (a *alignment) tick(p int, micros int64) (clock int64, moved bool) {
	a.producers[p].clock = max(a.producers[p].clock, micros)
	least := int64(math.MaxInt64)
	for _, s := range a.producers {
		if !s.ended {
			least = min(least, s.clock)
		}
	}
	return a.passTime(least)
}

// passTime notes that it is micros, at least, for all producers.
func (a *alignment) passTime(micros int64) (clock int64, moved bool) {
	moved = micros > a.clock && micros < math.MaxInt64
	if moved {
		a.clock = micros
	}
	return a.clock, moved
}
