package bind

import (
	"math"

	exprast "wire.example/wire/internal/expr/ast"
	"wire.example/wire/internal/expr/bind"
	"wire.example/wire/internal/expr/builtin"
	"wire.example/wire/internal/expr/eval"
	"wire.example/wire/internal/expr/window"
	"wire.example/wire/internal/plan/logical"
	"wire.example/wire/internal/sql/ast"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sqlstate"
)

// rowLimit is LIMIT and OFFSET: BIGINT expressions without columns, nil where there is none.
type rowLimit struct {
	limit, offset *bind.Expr
	ties          bool
}

// bindLimit binds LIMIT and OFFSET.
func (q *query) bindLimit(s *scope, l *ast.Limit) (rowLimit, error) {
	var out rowLimit
	if l == nil {
		return out, nil
	}
	var err error
	if out.offset, err = q.count(s, l.Offset, "OFFSET", invalidOffset); err != nil {
		return out, err
	}
	if out.limit, err = q.count(s, l.Count, "LIMIT", invalidLimit); err != nil {
		return out, err
	}
	out.ties = l.WithTies
	switch {
	case out.ties && l.Count != nil && out.limit == nil:
		return out, errorf(l.Count.Location(), invalidLimit, "row count cannot be null in FETCH FIRST ... WITH TIES clause")
	case out.ties && (computed(out.limit) || computed(out.offset)):
		return out, errorf(l.Span, sqlstate.FeatureNotSupported, "WITH TIES needs a constant number of rows")
	}
	return out, nil
}

// limited sorts the rows of n and keeps some of them.
func (q *query) limited(n logical.Node, keys []logical.SortKey, l rowLimit) logical.Node {
	if computed(l.limit) || computed(l.offset) {
		n, l = q.numbered(n, keys, l.limit, l.offset), rowLimit{}
	}
	sort := &logical.Sort{Input: n, Keys: keys, Limit: counted(l.limit, logical.NoLimit), Offset: counted(l.offset, 0), WithTies: l.ties}
	switch {
	case len(keys) > 0:
		sort.Step = q.step(q.name, "sort")
		return sort
	case l.limit != nil || sort.Offset > 0:
		return &logical.Limit{Step: q.step(q.name, "limit"), Input: n, Limit: sort.Limit, Offset: sort.Offset}
	}
	return n
}

func computed(e *bind.Expr) bool { return e != nil && !e.IsConst() }

func counted(e *bind.Expr, none int64) int64 {
	if e == nil {
		return none
	}
	return e.Value.Int64s()[0]
}

// count binds the expression of LIMIT or OFFSET, a BIGINT; nil for none, and for NULL.
func (q *query) count(s *scope, n exprast.Node, what string, negative sqlstate.Code) (*bind.Expr, error) {
	if n == nil {
		return nil, nil
	}
	e, err := q.expr(s, inNamed(what), n)
	if err != nil {
		return nil, err
	}
	bigint := schema.Of(schema.Int64)
	if !e.Unknown && !e.IsNullConst() && !bind.Assignable(e.Type, bigint) {
		return nil, errorf(n.Location(), sqlstate.DatatypeMismatch, "argument of %s must be type bigint, not type %s", what, e.Type.PgName())
	}
	if e, err = bind.Coerce(e, bigint); err != nil {
		return nil, err
	}
	if at := ownColumn(e); at != nil {
		return nil, errorf(at.Span, invalidColumnRef, "argument of %s must not contain variables", what).
			WithHint("To keep some rows for each value, number them with ROW_NUMBER() in a subquery and compare the number.")
	}
	switch e = eval.Fold(e); {
	case e.IsNullConst():
		return nil, nil
	case e.IsConst():
		if e.Value.Int64s()[0] < 0 {
			return nil, errorf(n.Location(), negative, "%s must not be negative", what)
		}
		return e, nil
	}
	if bad := failure(e); bad != nil {
		return nil, errorf(n.Location(), bad.Code, "%s", bad.Message)
	}
	check := &builtin.Function{
		Name: "row_count", Params: []schema.Kind{schema.Int64}, Result: bigint, Strict: true, Volatility: builtin.Stable,
		Eval: func(c *builtin.Call) {
			out := c.Out.Int64s()
			c.Each(func(row int) {
				if out[row] = c.Int64(0, row); out[row] < 0 {
					c.Fail(row, sqlstate.Errorf(negative, "%s must not be negative", what))
				}
			})
		},
	}
	return &bind.Expr{Op: bind.Call, Type: bigint, Span: n.Location(), Function: check, Args: []*bind.Expr{e}}, nil
}

// numbered keeps the rows of n that LIMIT and OFFSET, of which one is known only when the query runs, want: it numbers them in the order of keys.
func (q *query) numbered(n logical.Node, keys []logical.SortKey, limit, offset *bind.Expr) logical.Node {
	width := n.Schema().Len()
	number := window.Standard().Lookup("row_number")[0]
	bigint := schema.Of(schema.Int64)
	call := logical.WindowCall{Name: "row_number", Function: number, Filter: logical.NoColumn, Type: bigint}
	call.Frame = (&windowSpec{}).bounds()
	call.Frame.StartOffset, call.Frame.EndOffset = logical.NoColumn, logical.NoColumn
	var kept logical.Node = logical.NewOver(q.step(q.name, "number"), n, nil, keys, []logical.WindowCall{call})
	row := columnOf(width, schema.Field{Type: bigint})
	zero := number64(exprast.Span{}, 0)
	skipped := zero
	if offset != nil {
		skipped = &bind.Expr{Op: bind.Coalesce, Type: bigint, Args: []*bind.Expr{offset, zero}}
	}
	behind := &bind.Expr{Op: bind.Arith, Type: bigint, Symbol: '-', Args: []*bind.Expr{row, skipped}}
	compare := func(cmp bind.CompareOp, than *bind.Expr) *bind.Expr {
		return &bind.Expr{Op: bind.Compare, Type: schema.Of(schema.Bool), Cmp: cmp, Args: []*bind.Expr{behind, than}}
	}
	condition := compare(bind.Greater, zero)
	if limit != nil {
		most := &bind.Expr{Op: bind.Coalesce, Type: bigint, Args: []*bind.Expr{limit, number64(exprast.Span{}, math.MaxInt64)}}
		condition = bind.AndOf(condition, compare(bind.LessEqual, most))
	}
	kept = q.filter(q.name, kept, condition)
	return q.firstColumns(q.name, kept, width)
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
