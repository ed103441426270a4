package flow

import (
	"encoding/json"
	"fmt"
	"slices"

	"wire.example/wire/sdk/connector"
)

// epochState is what is known of the epoch under way. It is data: coordinator does the I/O.
type epochState struct {
	number   int64
	stop     bool
	clock    int64  // processing time at its barriers, in µs; 0 if nobody asks for it
	sources  []part // by source index
	tasks    []taskPart
	prepared map[string]json.RawMessage
	sinks    int
	states   map[string]operatorState
	asking   []string // who asked for it
	draining int      // tasks that have passed the barrier and not written all that they had changed
}

// part is what one source has contributed to an epoch.
type part struct {
	done    bool
	ended   bool // contributed by being at its end
	splits  []connector.SplitState
	records map[string]int64 // recordNumbers.snapshot
	times   map[string]SplitTime
}

// taskPart is what one task has contributed to an epoch.
type taskPart struct {
	done  bool
	ended bool  // contributed by being at its end
	over  []int // the inputs that were over at the barrier
	// watermark is the least of all inputs at the barrier.
	watermark int64
	// draining: a taskDrained follows.
	draining bool
	// highest are the highest numbers of entries, by step; see StateRecord.
	highest map[string][]uint64
	// outlines say what slices the parts of steps have; see StateRecord.
	outlines map[string][][]byte
}

func newEpochState(number int64, sources, tasks, sinks int, stop bool) *epochState {
	return &epochState{
		number: number, stop: stop, sources: make([]part, sources), tasks: make([]taskPart, tasks), sinks: sinks,
		prepared: map[string]json.RawMessage{}, states: map[string]operatorState{},
	}
}

// contribute notes where a source stands.
func (e *epochState) contribute(source int, p part) {
	p.done = true
	e.sources[source] = p
}

// contributeTask notes that a task has passed the barrier, how it stood there, and the state of its operators. A key group has one
// owner.
func (e *epochState) contributeTask(task int, p taskPart, states map[string]operatorState) error {
	p.done = true
	e.tasks[task] = p
	for name, groups := range states {
		all := e.states[name]
		if all == nil {
			all = operatorState{}
			e.states[name] = all
		}
		for g, data := range groups {
			if _, twice := all[g]; twice {
				return fmt.Errorf("internal error: two tasks have state of step %q in key group %d", name, g)
			}
			all[g] = data
		}
	}
	return nil
}

// complete reports whether every source and task has contributed and every sink is prepared: the epoch may be published.
func (e *epochState) complete() bool { return e.sealed() && len(e.prepared) == e.sinks }

// sealed reports whether every source and task has contributed.
func (e *epochState) sealed() bool {
	waiting := func(p part) bool { return !p.done }
	busy := func(p taskPart) bool { return !p.done }
	return !slices.ContainsFunc(e.sources, waiting) && !slices.ContainsFunc(e.tasks, busy) && e.draining == 0
}

// final reports whether nothing can follow this epoch: every source was at its end, and so is every task.
func (e *epochState) final() bool {
	return !slices.ContainsFunc(e.sources, func(p part) bool { return !p.ended })
}
