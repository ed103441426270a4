package flow

import (
	"fmt"
	"maps"
	"slices"

	"wire.example/wire/internal/operator/op"
	"wire.example/wire/internal/plan/physical"
)

// sharedGroup is the key under which state that every task has in full stands among the key groups.
const sharedGroup = -1

// snapshot takes the operator's state, by key group, and notes it in into. Its task owns the key groups that owns says.
func (s *step) snapshot(owns func(op.KeyGroup) bool, into map[string]operatorState) error {
	groups := operatorState{}
	if state, ok := s.op.(op.Stateful); ok {
		for g := range op.KeyGroups {
			group := op.KeyGroup(g) //nolint:gosec // less than KeyGroups
			data, err := state.Snapshot(group)
			switch {
			case err != nil:
				return fmt.Errorf("snapshot of step %q: %w", s.plan.Name, err)
			case data == nil:
			case !owns(group):
				return fmt.Errorf("internal error: step %q has state of key group %d, which is another task's", s.plan.Name, g)
			default:
				groups[g] = data
			}
		}
	}
	if state, ok := s.op.(op.Shared); ok && s.chain.task == 0 {
		data, err := state.SnapshotShared()
		if err != nil {
			return fmt.Errorf("snapshot of step %q: %w", s.plan.Name, err)
		}
		if data != nil {
			groups[sharedGroup] = data
		}
	}
	if len(groups) > 0 {
		into[s.plan.Name] = groups
	}
	return nil
}

// restore gives the operator what its task owns of the state that the step had, whatever number of tasks it had then.
func (s *step) restore(owns func(op.KeyGroup) bool, from map[string]operatorState) error {
	groups := from[s.plan.Name]
	rewrite, free, err := s.rewriter(len(groups) > 0)
	if err != nil {
		return err
	}
	defer free()
	state, keyed := s.op.(op.Stateful)
	shared, copied := s.op.(op.Shared)
	for _, g := range slices.Sorted(maps.Keys(groups)) {
		var err error
		switch {
		case g == sharedGroup && copied:
			err = shared.RestoreShared(groups[g])
		case g == sharedGroup || !keyed || g < 0 || g >= op.KeyGroups:
			return fmt.Errorf("step %q keeps no state of key group %d now, but the checkpoint has some for it", s.plan.Name, g)
		case owns(op.KeyGroup(g)): //nolint:gosec // just compared
			err = rewriting(state.Restore, rewrite)(op.KeyGroup(g), groups[g]) //nolint:gosec // just compared
		}
		if err != nil {
			return fmt.Errorf("restore of step %q: %w", s.plan.Name, err)
		}
	}
	return s.announce(len(groups) > 0)
}

// rewriter returns what makes key groups of what another plan's step has left ones of the step, nil where they are as they should be; and what to call when all
// are restored.
func (s *step) rewriter(stored bool) (rewrite func([]byte) ([]byte, error), free func(), err error) {
	if s.plan.Former == nil || !stored {
		return nil, func() {}, nil
	}
	if s.plan.Former.Replay {
		return nil, nil, fmt.Errorf("step %q: its rows are not stored one by one; bring the pipeline back as it was, or begin anew with --fresh", s.plan.Name)
	}
	return s.plan.Former.Rewriter(s.plan, physical.Build{Pool: s.chain.pipeline.settings.Pool, Budget: s.chain.pipeline.budgetOf(s.plan.Name)})
}

// rewriting is restore of what rewrite makes of key groups.
func rewriting(restore func(op.KeyGroup, []byte) error, rewrite func([]byte) ([]byte, error)) func(op.KeyGroup, []byte) error {
	if rewrite == nil {
		return restore
	}
	return func(group op.KeyGroup, data []byte) error {
		data, err := rewrite(data)
		if err != nil || data == nil {
			return err
		}
		return restore(group, data)
	}
}

// announcer is an operator that can be told that nobody knows yet what it has restored.
type announcer interface{ Announce() error }

// announce has the step hand on what was restored of one that would have answered at the end.
func (s *step) announce(stored bool) error {
	if s.plan.Former == nil || !s.plan.Former.Announce || !stored {
		return nil
	}
	a, ok := s.op.(announcer)
	if !ok {
		return fmt.Errorf("internal error: step %q cannot hand on what it has restored", s.plan.Name)
	}
	return a.Announce()
}
