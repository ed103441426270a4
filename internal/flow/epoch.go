package flow

import (
	"encoding/json"

	"wire.example/wire/sdk/connector"
)

// epochState is what is known of the epoch under way. It is data: coordinator does the I/O.
type epochState struct {
	number   int64
	stop     bool
	sources  []part // by source index
	prepared map[string]json.RawMessage
	sinks    int
	states   map[string]operatorState
}

// part is what one source has contributed to an epoch.
type part struct {
	done    bool
	ended   bool // contributed by being at its end
	splits  []connector.SplitState
	records map[string]int64 // recordNumbers.snapshot
}

func newEpochState(number int64, sources, sinks int, stop bool) *epochState {
	return &epochState{
		number: number, stop: stop, sources: make([]part, sources), sinks: sinks,
		prepared: map[string]json.RawMessage{}, states: map[string]operatorState{},
	}
}

// contribute notes where a source stands.
func (e *epochState) contribute(source int, p part, states map[string]operatorState) {
	p.done = true
	e.sources[source] = p
	for name, s := range states {
		e.states[name] = s
	}
}

// complete reports whether every source has contributed and every sink is prepared: the epoch may be published.
func (e *epochState) complete() bool {
	for _, p := range e.sources {
		if !p.done {
			return false
		}
	}
	return len(e.prepared) == e.sinks
}

// final reports whether nothing can follow this epoch: every source was at its end.
func (e *epochState) final() bool {
	for _, p := range e.sources {
		if !p.ended {
			return false
		}
	}
	return true
}
