package engine

import (
	"errors"
	"fmt"

	"wire.example/wire/internal/flow"
	"wire.example/wire/internal/foundation/fault"
	"wire.example/wire/internal/plan/evolve"
	"wire.example/wire/internal/plan/logical"
	"wire.example/wire/internal/plan/physical"
)

// Former returns the description of the plan that left a checkpoint, nil if it has none.
func Former(m *flow.Manifest) (*evolve.Description, error) {
	if m == nil || len(m.Plan) == 0 {
		return nil, nil //nolint:nilnil // checkpoints of earlier releases have none
	}
	return evolve.Decode(m.Plan)
}

// Describe makes a description of a plan that l became.
func Describe(l *logical.Plan, plan *physical.Plan) *evolve.Description {
	lanes := plan.Parallelism
	if l.PlannedFor > 0 {
		lanes = l.PlannedFor
	}
	return evolve.Describe(plan, lanes, l.References)
}

// ErrRefused marks an edit of a pipeline that is not carried out, since state would be lost.
var ErrRefused = errors.New("state would be lost")

// refusedError is why an edit is refused.
type refusedError struct{ reason error }

// Error is the reason.
func (r *refusedError) Error() string { return r.reason.Error() }

// Is reports whether target is ErrRefused.
func (*refusedError) Is(target error) bool { return target == ErrRefused }

// Unwrap is the reason.
func (r *refusedError) Unwrap() error { return r.reason }

// Follow makes plan, which l became, ready to go on from the checkpoint m of an earlier plan of the pipeline, nil if it begins anew, and describes it for the checkpoints to come. It
// returns the manifest to go on from, and what has become of the parts of the earlier plan, nil if that is not known. The error wraps ErrRefused if state
// would be lost and accepted does not let it go.
func Follow(l *logical.Plan, plan *physical.Plan, m *flow.Manifest, accepted evolve.Accepted) (*flow.Manifest, *evolve.Evolution, error) {
	now := Describe(l, plan)
	old, err := Former(m)
	if err != nil {
		return nil, nil, err
	}
	var e *evolve.Evolution
	switch {
	case old != nil:
		e = evolve.Compare(old, now)
		e.Accept(accepted)
		if err := e.Refuse(accepted); err != nil {
			return nil, e, &refusedError{err}
		}
		if err := e.Follow(plan, old, m.Progress()); err != nil {
			return nil, e, err
		}
		if m, err = m.Follow(e); err != nil {
			return nil, e, err
		}
	case m != nil:
		if err := m.Fits(plan); err != nil {
			return nil, nil, err
		}
	default:
		if err := accepted.Begins(now); err != nil {
			return nil, nil, err
		}
	}
	plan.Description, err = now.Encode()
	return m, e, err
}

// Follow makes plan, which l became, ready to go on from what Resume says, and Resume what it goes on from; see the function of that name. A finished pipeline that was edited
// does not go on.
func (s *State) Follow(l *logical.Plan, plan *physical.Plan, accepted evolve.Accepted) (*evolve.Evolution, error) {
	if m := s.resume; m != nil && m.Finished {
		old, err := Former(m)
		if err != nil || old == nil {
			return nil, errors.Join(err, m.Fits(plan))
		}
		e := evolve.Compare(old, Describe(l, plan))
		e.Finished = true
		if !e.Unchanged() && !fault.Weak("finished/edited") {
			return e, fmt.Errorf("the pipeline is finished, and has changed since:\n%sIts output is left as it is; %s", e.Prospect(), Anew(plan))
		}
		plan.Description = m.Plan
		return e, nil
	}
	m, e, err := Follow(l, plan, s.resume, accepted)
	if err == nil {
		s.resume = m
	}
	return e, err
}
