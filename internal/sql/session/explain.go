package session

import (
	"context"

	exprbind "wire.example/wire/internal/expr/bind"
	"wire.example/wire/internal/plan/logical"
	sqlast "wire.example/wire/internal/sql/ast"
	"wire.example/wire/internal/sql/bind"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/sqlstate"
)

// explain answers with the plan of a statement.
func (s *Session) explain(ctx context.Context, c *call, n *sqlast.Explain) error {
	p, err := s.planOf(n.Statement, nil)
	if err != nil {
		return err
	}
	s.settle(p)
	how := Explanation{Analyze: n.Analyze, Verbose: n.Verbose, Costs: !n.NoCosts, JSON: n.Format == sqlast.ExplainJSON}
	ctx, cancel := s.deadline(ctx)
	defer cancel()
	lines, err := s.config.Executor.Explain(ctx, p, how)
	if err != nil {
		return refusedAt(n.Statement.Location(), s.interrupted(ctx, err))
	}
	rows := make([][]string, len(lines))
	for i, line := range lines {
		rows[i] = []string{line}
	}
	return s.texts(ctx, c.handler, []string{"QUERY PLAN"}, rows, "EXPLAIN")
}

// planOf is the plan of a statement whose rows, if it has any, nobody wants; its late rows go where it says.
func (s *Session) planOf(statement sqlast.Statement, params *bind.Params) (*logical.Plan, error) {
	b := s.newBinder(params)
	switch n := statement.(type) {
	case *sqlast.Query:
		r, err := b.Query(n, "query")
		if err != nil {
			return nil, err
		}
		p := answer(r.Node, discard)
		addLate(p, b.TakeLate())
		return p, nil
	case *sqlast.Insert:
		i, err := b.Insert(n)
		if err != nil {
			return nil, err
		}
		p := answer(i.Node, discard)
		if i.Sink != nil {
			p.Sinks = nil
			addSink(p, i.Sink.Sink, i.Node)
		}
		addLate(p, b.TakeLate())
		return p, nil
	case *sqlast.CreateView:
		return s.planOf(n.Query, params)
	case *sqlast.CreateRelation:
		if n.Query != nil {
			return s.planOf(n.Query, params)
		}
	case *sqlast.Execute:
		p, values, err := s.arguments(n)
		if err != nil {
			return nil, err
		}
		return s.planOf(p.statement, values)
	}
	return nil, exprbind.Errorf(statement.Location(), sqlstate.FeatureNotSupported, "this statement has no plan").
		WithHint("EXPLAIN takes a query, an INSERT, a CREATE … AS and an EXECUTE.")
}

// discard takes rows that nobody wants.
func discard(context.Context, *batch.Batch) error { return nil }
