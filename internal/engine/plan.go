package engine

import (
	"context"
	"errors"
	"slices"

	"wire.example/wire/internal/foundation/invariant"
	"wire.example/wire/internal/plan/evolve"
	"wire.example/wire/internal/plan/logical"
	"wire.example/wire/internal/plan/optimize"
	"wire.example/wire/internal/plan/physical"
	"wire.example/wire/internal/plan/statistics"
	"wire.example/wire/sdk/connector"
	"wire.example/wire/sdk/sqlstate"
)

// Plan optimizes l, which it changes, and returns what runs for it; lanes is the parallelism where l leaves it open. Sources are sampled where
// that can make a difference. The error, a *logical.RefusedError, is for a query that cannot be planned.
func Plan(ctx context.Context, l *logical.Plan, lanes int) (_ *physical.Plan, err error) {
	defer caught(&err)
	if l.Parallelism == 0 {
		l.Parallelism = lanes
	}
	if err := Optimize(ctx, l); err != nil {
		return nil, err
	}
	warnOfLittle(l)
	return physical.New(l, lanes), nil
}

// PlanFrom is Plan for a pipeline that is to go on from the state of the plan that old describes: decisions that hang on statistics or on the parallelism are those of
// that plan.
func PlanFrom(ctx context.Context, l *logical.Plan, lanes int, old *evolve.Description) (*physical.Plan, error) {
	if old != nil {
		l.PlannedFor = old.PlannedFor
		each(l, func(n logical.Node) {
			scan, ok := n.(*logical.Scan)
			if ok && scan.Source.Statistics == nil && old.Recall(scan.Source) && scan.Source.Statistics == nil {
				scan.Source.Statistics = &logical.Statistics{Rows: optimize.GuessedRows} // as when nothing was known of it
			}
		})
	}
	return Plan(ctx, l, lanes)
}

// Optimize is the first half of Plan: what it leaves can be explained, and physical.New makes the second half of it.
func Optimize(ctx context.Context, l *logical.Plan) (err error) {
	defer caught(&err)
	if err := clash(l); err != nil {
		return &logical.RefusedError{Err: err}
	}
	if estimates(l) {
		sample(ctx, l)
	}
	err = optimize.Optimize(l)
	var refused *logical.RefusedError
	if err == nil || errors.As(err, &refused) {
		return err
	}
	return &logical.RefusedError{Err: err}
}

// clash refuses sinks that would spoil each other's output.
func clash(l *logical.Plan) error {
	sinks := l.Sinks
	if l.DeadLetters != nil {
		sinks = append(slices.Clip(sinks), l.DeadLetters)
	}
	for i, s := range sinks {
		for _, other := range sinks[:i] {
			if place := connector.Clash(other.Config, s.Config); place != "" {
				return sqlstate.Errorf(sqlstate.InvalidParameterValue, "sink %q writes to the same place as sink %q: %s", s.Name, other.Name, place).
					WithHint("Give it another path or folder.")
			}
		}
	}
	return nil
}

// caught makes an error of a panic. A mistake of the planner must not end a process that has other queries, and nothing was begun.
func caught(err *error) {
	if r := recover(); r != nil {
		broken := sqlstate.Errorf(sqlstate.InternalError, "the planner failed at %s: %v", invariant.Place(), r)
		*err = &logical.RefusedError{Err: broken.WithHint("This is a mistake of Wire's, not of the query's: please report it with the query.")}
	}
}

// estimates reports whether anything is decided by how many rows there are.
func estimates(l *logical.Plan) bool {
	found := false
	each(l, func(n logical.Node) {
		switch n.(type) {
		case *logical.Join, *logical.SetOp, *logical.Aggregate:
			found = true
		}
		found = found || optimize.HasSubquery(n)
	})
	return found
}

// sample estimates the sources of l that nothing is known of.
func sample(ctx context.Context, l *logical.Plan) {
	each(l, func(n logical.Node) {
		if scan, ok := n.(*logical.Scan); ok && scan.Source.Statistics == nil {
			scan.Source.Statistics = statistics.Sample(ctx, scan.Source)
		}
	})
}

// each calls f for every node of l, subqueries included, each once.
func each(l *logical.Plan, f func(logical.Node)) {
	for _, n := range optimize.Nodes(l) {
		f(n)
	}
}
