package optest

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"pgregory.net/rapid"

	"wire.example/wire/internal/operator/op"
	"wire.example/wire/sdk/batch"
)

// event is a step of a run.
type event struct {
	kind      eventKind
	input     int
	rows      int    // feed: how many
	seed      uint64 // feed: what the batch looks like
	micros    int64  // watermark, tick: the time
	instances int    // move: how many, and who owns which key group
	owners    [op.KeyGroups]uint8
}

type eventKind uint8

const (
	feed eventKind = iota
	end
	move      // to new instances, by snapshot and restore
	flush     // as if no input waited
	watermark // of an input
	tick      // of processing time
	seal      // of state that is stored entry by entry
	crash     // back to the last seal
	evict     // so many entries, which leave memory
)

// schedule is a way to run: what is fed in which order and cut how.
type schedule struct {
	events []event
	start  event // the instances at first
	// guarded says that state is not resident unless declared.
	guarded bool
	// kept says that state is stored entry by entry, if the operator can.
	kept bool
	// tight says that there is little memory whatever leaves it.
	tight bool
	// lazy says that what may stay in the store unread does so when state is restored.
	lazy bool
	// plain batches have no selection and no rows that do not count.
	plain bool
}

// plainSchedule feeds input after input in the largest batches.
func plainSchedule(o *Operator, totals []int) schedule {
	s := schedule{start: event{instances: 1}, plain: true}
	done := make([]bool, len(totals))
	for range totals {
		i := slices.IndexFunc(o.inputs(), func(in Input) bool { return follows(in, done) })
		for ; done[i] || !follows(o.inputs()[i], done); i++ {
		}
		for left := totals[i]; left > 0; left -= batch.MaxRows {
			s.events = append(s.events, event{kind: feed, input: i, rows: min(left, batch.MaxRows)})
		}
		s.events = append(s.events, event{kind: end, input: i})
		done[i] = true
	}
	return s
}

// follows reports whether what an input follows is done.
func follows(in Input, done []bool) bool {
	return !slices.ContainsFunc(in.Follows, func(other int) bool { return !done[other] })
}

// drawSchedule draws a way to run.
func drawSchedule(t *rapid.T, o *Operator, inputs []*batch.Batch) schedule {
	s := schedule{start: drawInstances(t, o), guarded: rapid.Bool().Draw(t, "guarded")}
	if !s.guarded && o.durable() {
		s.kept = rapid.IntRange(0, 3).Draw(t, "kept") > 0
		s.tight = s.kept && rapid.Bool().Draw(t, "tight")
		s.lazy = s.kept && rapid.Bool().Draw(t, "lazy")
	}
	totals := lengths(inputs)
	c := newClock(o, inputs)
	left, done := slices.Clone(totals), make([]bool, len(totals))
	most := rapid.SampledFrom([]int{1, 3, 20, batch.MaxRows}).Draw(t, "largest batch")
	moves := rapid.IntRange(0, 3).Draw(t, "moves")
	for slices.Contains(done, false) {
		if moves > 0 && rapid.IntRange(0, 4).Draw(t, "move") == 0 {
			moves--
			s.events = append(s.events, drawInstances(t, o))
		}
		if s.kept && rapid.IntRange(0, 2).Draw(t, "seal") == 0 {
			s.events = append(s.events, event{kind: seal})
		}
		if s.kept && rapid.IntRange(0, 2).Draw(t, "evict") == 0 {
			s.events = append(s.events, event{kind: evict, rows: rapid.IntRange(1, 100).Draw(t, "entries")})
		}
		if s.kept && rapid.IntRange(0, 7).Draw(t, "crash") == 0 {
			e := drawInstances(t, o)
			e.kind = crash
			s.events = append(s.events, e)
		}
		s.events = c.draw(t, s.events, left, done)
		var open []int
		for i, in := range o.inputs() {
			if !done[i] && follows(in, done) {
				open = append(open, i)
			}
		}
		i := rapid.SampledFrom(open).Draw(t, "input")
		if left[i] == 0 {
			s.events = append(s.events, event{kind: end, input: i})
			done[i] = true
			continue
		}
		n := rapid.IntRange(0, min(most, left[i])).Draw(t, "rows")
		s.events = append(s.events, event{kind: feed, input: i, rows: n, seed: rapid.Uint64().Draw(t, "seed")})
		left[i] -= n
	}
	if s.kept && rapid.Bool().Draw(t, "crash at the end") {
		e := drawInstances(t, o)
		e.kind = crash
		s.events = append(s.events, e)
	}
	for ; moves > 0; moves-- {
		s.events = append(s.events, drawInstances(t, o))
	}
	return s
}

func drawInstances(t *rapid.T, o *Operator) event {
	e := event{kind: move, instances: 1}
	if o.Alone || o.Ordered {
		return e
	}
	e.instances = rapid.IntRange(1, 3).Draw(t, "instances")
	random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "owners"), 0))
	for g := range e.owners {
		e.owners[g] = uint8(random.IntN(e.instances))
	}
	return e
}

// describe says in a few words how a schedule runs.
func (s *schedule) describe() string {
	feeds, moves, times, flushes := 0, 0, 0, 0
	for _, e := range s.events {
		switch e.kind {
		case feed:
			feeds++
		case move:
			moves++
		case watermark, tick:
			times++
		case flush:
			flushes++
		case end, seal, crash, evict:
		}
	}
	resident := ""
	if s.guarded {
		resident = ", resident only what Needs declares"
	}
	if s.kept {
		resident = ", stored entry by entry"
	}
	if times+flushes > 0 {
		resident += fmt.Sprintf(", told %d times of time, flushed %d times", times, flushes)
	}
	return fmt.Sprintf("a run of %d batches on %d instances, restored %d times%s", feeds, s.start.instances, moves, resident)
}
