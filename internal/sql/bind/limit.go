package bind

import (
	exprast "wire.example/wire/internal/expr/ast"
	"wire.example/wire/internal/expr/bind"
	"wire.example/wire/internal/expr/eval"
	"wire.example/wire/internal/plan/logical"
	"wire.example/wire/internal/sql/ast"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sqlstate"
)

// limited sorts the rows of n and keeps some of them.
func (q *query) limited(s *scope, n logical.Node, keys []logical.SortKey, l *ast.Limit) (logical.Node, error) {
	limit, offset, ties := logical.NoLimit, int64(0), false
	if l != nil {
		var err error
		if limit, err = q.count(s, l.Count, "LIMIT", invalidLimit, logical.NoLimit); err != nil {
			return nil, err
		}
		if offset, err = q.count(s, l.Offset, "OFFSET", invalidOffset, 0); err != nil {
			return nil, err
		}
		ties = l.WithTies
		if ties && l.Count != nil && limit == logical.NoLimit {
			return nil, errorf(l.Count.Location(), invalidLimit, "row count cannot be null in FETCH FIRST ... WITH TIES clause")
		}
	}
	switch {
	case len(keys) > 0:
		return &logical.Sort{Step: q.step(q.name, "sort"), Input: n, Keys: keys, Limit: limit, Offset: offset, WithTies: ties}, nil
	case limit != logical.NoLimit || offset > 0:
		return &logical.Limit{Step: q.step(q.name, "limit"), Input: n, Limit: limit, Offset: offset}, nil
	}
	return n, nil
}

// count evaluates the expression of LIMIT or OFFSET; none and NULL are none.
func (q *query) count(s *scope, n exprast.Node, what string, negative sqlstate.Code, none int64) (int64, error) {
	if n == nil {
		return none, nil
	}
	e, err := q.expr(s, inNamed(what), n)
	if err != nil {
		return 0, err
	}
	bigint := schema.Of(schema.Int64)
	if !e.Unknown && !e.IsNullConst() && !bind.Assignable(e.Type, bigint) {
		return 0, errorf(n.Location(), sqlstate.DatatypeMismatch, "argument of %s must be type bigint, not type %s", what, e.Type.PgName())
	}
	if e, err = bind.Coerce(e, bigint); err != nil {
		return 0, err
	}
	if at := ownColumn(e); at != nil {
		return 0, errorf(at.Span, invalidColumnRef, "argument of %s must not contain variables", what).
			WithHint("To keep some rows for each value, number them with ROW_NUMBER() in a subquery and compare the number.")
	}
	if e = eval.Fold(e); !e.IsConst() {
		return 0, notConstant(e, n, what)
	}
	if e.IsNullConst() {
		return none, nil
	}
	v := e.Value.Int64s()[0]
	if v < 0 {
		return 0, errorf(n.Location(), negative, "%s must not be negative", what)
	}
	return v, nil
}

// ownColumn returns a column of the query itself that e reads, or nil.
func ownColumn(e *bind.Expr) *bind.Expr {
	var found *bind.Expr
	bind.Walk(e, func(e *bind.Expr) bool {
		if e.Op == bind.Column {
			found = e
		}
		return found == nil
	})
	return found
}

// notConstant evaluates e for its error, if it fails.
func notConstant(e *bind.Expr, n exprast.Node, what string) error {
	if bad := failure(e); bad != nil {
		return errorf(n.Location(), bad.Code, "%s", bad.Message)
	}
	return errorf(n.Location(), sqlstate.FeatureNotSupported, "the argument of %s must be a constant here", what).
		WithHint("Number the rows with ROW_NUMBER() in a subquery and compare the number.")
}
