package engine

import (
	"context"

	"wire.example/wire/internal/expr/bind"
	"wire.example/wire/internal/plan/logical"
	"wire.example/wire/internal/plan/optimize"
	"wire.example/wire/internal/plan/physical"
	"wire.example/wire/internal/plan/statistics"
	"wire.example/wire/sdk/sqlstate"
)

// Plan optimizes l, which it changes, and returns what runs for it; lanes is the parallelism where l leaves it open. Sources are sampled where
// that can make a difference. The error is for a query that cannot be planned, or not yet.
func Plan(ctx context.Context, l *logical.Plan, lanes int) (*physical.Plan, error) {
	if err := Optimize(ctx, l); err != nil {
		return nil, err
	}
	return Physical(l, lanes)
}

// Physical is the second half of Plan: what runs for an optimized plan.
func Physical(l *logical.Plan, lanes int) (*physical.Plan, error) {
	if err := answers(l); err != nil {
		return nil, err
	}
	return physical.New(l, lanes), nil
}

// Optimize is the first half of Plan: what it returns can be explained, even if it cannot run.
func Optimize(ctx context.Context, l *logical.Plan) error {
	if estimates(l) {
		sample(ctx, l)
	}
	return optimize.Optimize(l)
}

// estimates reports whether anything is decided by how many rows there are.
func estimates(l *logical.Plan) bool {
	found := false
	each(l, func(n logical.Node) {
		switch n.(type) {
		case *logical.Join, *logical.SetOp:
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

// answers refuses steps that answer when their input ends over inputs that never do.
func answers(l *logical.Plan) error {
	edges := optimize.NewEdges()
	var err error
	each(l, func(n logical.Node) {
		if err != nil {
			return
		}
		switch n := n.(type) {
		case *logical.WindowTable:
			err = sqlstate.Errorf(sqlstate.FeatureNotSupported, "%s is not supported yet", n).
				WithHint("It is planned, and EXPLAIN shows it; group by date_bin(INTERVAL '10 seconds', time, TIMESTAMP '1970-01-01') until then.")
			return
		case *logical.Join:
			if n.AsOf != nil && !isNow(n.Left, n.AsOf) {
				err = sqlstate.Errorf(sqlstate.FeatureNotSupported, "FOR SYSTEM_TIME AS OF another time than PROCTIME() is not supported yet").
					WithHint("A table is seen as it is now: write FOR SYSTEM_TIME AS OF PROCTIME(), or join it without the clause.")
				return
			}
		case *logical.Aggregate, *logical.Sort, *logical.SetOp, *logical.Over:
		default:
			return
		}
		for _, in := range n.Inputs() {
			if !edges.Of(in).Bounded {
				err = sqlstate.Errorf(sqlstate.FeatureNotSupported, "%s over an input that never ends is not supported yet", n).
					WithHint("Give the source an end, such as a file without follow or a number of rows, or leave the step out.")
			}
		}
	})
	return err
}

// each calls f for every node of l, subqueries included, each once.
func each(l *logical.Plan, f func(logical.Node)) {
	for _, n := range optimize.Nodes(l) {
		f(n)
	}
}

// isNow reports whether e, over the columns of n, is the time at which a row is processed.
func isNow(n logical.Node, e *bind.Expr) bool {
	for {
		if e.Op == bind.Call {
			return e.Function.Name == "proctime"
		}
		p, ok := n.(*logical.Project)
		if !ok || e.Op != bind.Column || len(e.Path) != 1 {
			return false
		}
		n, e = p.Input, p.Items[e.Path[0]].Expr
	}
}
