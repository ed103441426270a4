package flow

import (
	"math"
	"slices"
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
func (a *alignment) add() int {
	a.producers = append(a.producers, producerState{watermark: minTime, clock: minTime})
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
func (a *alignment) holds(p int) bool { return a.producers[p].passed > a.aligned }

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

// advance notes that p has reached the event time micros (math.MaxInt64 when it has ended), and returns the inputs whose watermark moved. That
// of an input is the least of its producers'.
func (a *alignment) advance(p int, micros int64) (moved []int) {
	s := &a.producers[p]
	if micros <= s.watermark {
		return nil
	}
	s.watermark = micros
	for _, input := range s.inputs {
		least := int64(math.MaxInt64)
		for _, other := range a.producers {
			if slices.Contains(other.inputs, input) {
				least = min(least, other.watermark)
			}
		}
		if least > a.inputs[input].watermark {
			a.inputs[input].watermark = least
			moved = append(moved, input)
		}
	}
	slices.Sort(moved)
	return moved
}

// merge returns the least watermark of all inputs, and whether it has moved since the last call.
func (a *alignment) merge() (micros int64, moved bool) {
	least := int64(math.MaxInt64)
	for _, input := range a.inputs {
		least = min(least, input.watermark)
	}
	moved = least > a.merged
	a.merged = max(a.merged, least)
	return a.merged, moved
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
