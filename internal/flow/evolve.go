package flow

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"

	"wire.example/wire/internal/plan/evolve"
	"wire.example/wire/internal/state/store"
	"wire.example/wire/sdk/connector"
)

// Progress is how far the run had got that left m.
func (m *Manifest) Progress() evolve.Progress {
	p := evolve.Progress{Latest: map[string]int64{}, Clock: m.Clock, Watermarks: m.Watermarks}
	for name, splits := range m.Times {
		for _, split := range splits {
			if split.Time == nil {
				continue
			}
			if t, known := p.Latest[name]; !known || *split.Time > t {
				p.Latest[name] = *split.Time
			}
		}
	}
	return p
}

// Follow returns m as a pipeline goes on from it of which e says what has become of its parts: under the names that they have now, without what is gone or begins anew. What the
// store has of those is dropped with the first epoch.
func (m *Manifest) Follow(e *evolve.Evolution) (*Manifest, error) {
	out := *m
	out.Connectors, out.Fingerprints, out.Obsolete = nil, nil, nil
	out.Sources, out.Records, out.Times = map[string][]connector.SplitState{}, map[string]map[string]int64{}, map[string]map[string]SplitTime{}
	for _, c := range e.Sources {
		if c.Verdict == evolve.Removed {
			continue
		}
		out.Sources[c.Name] = nil
		if c.Verdict != evolve.Kept {
			continue
		}
		was := former(c)
		out.Sources[c.Name] = m.Sources[was]
		copyKey(out.Records, c.Name, m.Records, was)
		copyKey(out.Times, c.Name, m.Times, was)
	}
	out.Sinks = map[string]json.RawMessage{}
	out.Leaving = nil
	for _, c := range e.Sinks {
		switch c.Verdict {
		case evolve.Removed:
			if state := m.Sinks[c.Name]; len(state) > 0 {
				out.Leaving = append(out.Leaving, LeftSink{Name: c.Name, Connector: c.Kind, State: state})
			}
		case evolve.Kept:
			out.Sinks[c.Name] = m.Sinks[former(c)]
		case evolve.Added:
			out.Sinks[c.Name] = nil
		}
	}
	return &out, followSteps(&out, m, e)
}

// former is what the part was called.
func former(c *evolve.Change) string {
	if c.Was != "" {
		return c.Was
	}
	return c.Name
}

func copyKey[V any](to map[string]V, name string, from map[string]V, was string) {
	if v, ok := from[was]; ok {
		to[name] = v
	}
}

// followState says where the state of a step is. One whose state is rewritten gets a new place for it: what is stored there may be read back at once, when what the former step
// has stored is not dropped yet.
func followState(out, m *Manifest, c *evolve.Change) {
	record, stored := m.States[former(c)]
	switch {
	case !stored:
	case c.Verdict == evolve.Transformed:
		record.Picks, record.Held = c.Picks(), c.Held()
		out.Former[c.Name] = record
		out.Obsolete = append(out.Obsolete, record)
		out.States[c.Name] = StateRecord{Number: out.NextState}
		out.NextState++
	default:
		out.States[c.Name] = record
	}
}

func followSteps(out, m *Manifest, e *evolve.Evolution) error {
	out.Operators, out.States, out.Watermarks, out.Ended = map[string]operatorState{}, map[string]StateRecord{}, map[string]int64{}, map[string][]int{}
	out.Former = map[string]StateRecord{}
	gone := maps.Clone(m.States)
	known := map[string]bool{}
	for _, c := range e.Steps {
		was := former(c)
		if c.Verdict != evolve.Added {
			known[was] = true
		}
		if c.Verdict != evolve.Kept && c.Verdict != evolve.Transformed {
			continue
		}
		copyKey(out.Operators, c.Name, m.Operators, was)
		followState(out, m, c)
		copyKey(out.Watermarks, c.Name, m.Watermarks, was)
		copyKey(out.Ended, c.Name, m.Ended, was)
		delete(gone, was)
		if len(m.Ended[was]) > 0 && c.Turned() {
			return fmt.Errorf("step %q gives its answers at other times now, and its input is over: it may have given some; bring the pipeline back as it was, or begin anew with --fresh", c.Name)
		}
		if len(m.Ended[was]) > 0 && c.MoreComes {
			return fmt.Errorf("step %q gets rows of another source now, and the input that it had is over; begin anew with --fresh", c.Name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(m.States)) {
		if !known[name] {
			return fmt.Errorf("the checkpoint has state of step %q, of which its plan says nothing; begin anew with --fresh", name)
		}
		if record, ok := gone[name]; ok {
			out.Obsolete = append(out.Obsolete, record)
		}
	}
	return nil
}

// dropObsolete returns the changes that drop what the store has of steps that are no more.
func (m *Manifest) dropObsolete() *store.Changes {
	if m == nil || len(m.Obsolete) == 0 {
		return nil
	}
	changes := &store.Changes{}
	for _, record := range m.Obsolete {
		tables := []uint8{TableRest, tableShared, tableGroups}
		for i := range record.Parts {
			tables = append(tables, uint8(i)) //nolint:gosec // at most op.MaxKept
		}
		for _, table := range tables {
			changes.DropAll(store.Space{Operator: record.Number, Table: table}, 0, math.MaxUint64)
		}
	}
	return changes
}
