package eval

import (
	"wire.example/wire/internal/expr/ast"
	"wire.example/wire/internal/expr/bind"
	"wire.example/wire/internal/expr/builtin"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sqlstate"
)

// FoldStrictly is Fold, with the error of a constant part of e for which PostgreSQL refuses the statement while it plans, whether a row reaches that part or not:
// 1/0 in CASE WHEN a > 0 THEN 1 ELSE 1/0 END. nil if there is none; with one, what is returned is folded in part. Parts that constants before them decide against are passed over, as PostgreSQL does: in
// false AND 1/0 = 1, for instance. Only what stands in the text as a constant counts, and only what PostgreSQL takes for immutable.
func FoldStrictly(e *bind.Expr) (*bind.Expr, *sqlstate.Error) {
	var c constants
	out := c.fold(e)
	return out, c.bad
}

// constants folds an expression in the order in which PostgreSQL does, up to the first error.
type constants struct{ bad *sqlstate.Error }

// fold returns e with its constant parts computed; what it returns after an error means nothing.
func (c *constants) fold(e *bind.Expr) *bind.Expr {
	if len(e.Args) == 0 || c.bad != nil {
		return e
	}
	out := copyExpr(e)
	switch e.Op {
	case bind.And, bind.Or:
		c.logic(out)
	case bind.Case:
		c.branches(out)
	case bind.Coalesce:
		c.first(out)
	default:
		return c.plain(out)
	}
	return simplify(out)
}

func (c *constants) logic(e *bind.Expr) {
	decides := isFalse
	if e.Op == bind.Or {
		decides = isTrue
	}
	for i, a := range e.Args {
		if e.Args[i] = c.fold(a); decides(e.Args[i]) {
			e.Args = e.Args[:i+1]
			return
		}
	}
}

func (c *constants) branches(e *bind.Expr) {
	for i := 0; i < len(e.Args); i += 2 {
		e.Args[i] = c.fold(e.Args[i])
		if i == len(e.Args)-1 {
			return
		}
		switch condition := e.Args[i]; {
		case isTrue(condition):
			e.Args[i+1] = c.fold(e.Args[i+1])
			e.Args = e.Args[:i+2]
			return
		case condition.Op != bind.Const:
			e.Args[i+1] = c.fold(e.Args[i+1])
		}
	}
}

func (c *constants) first(e *bind.Expr) {
	for i, a := range e.Args {
		if e.Args[i] = c.fold(a); e.Args[i].Op == bind.Const && !e.Args[i].IsNullConst() {
			e.Args = e.Args[:i+1]
			return
		}
	}
}

// plain folds what evaluates all its operands.
func (c *constants) plain(e *bind.Expr) *bind.Expr {
	constant, written := e.Op != bind.Opaque, true
	for i, a := range e.Args {
		e.Args[i] = c.fold(a)
		constant = constant && e.Args[i].Op == bind.Const
		written = written && within(e.Args[i].Span, e.Span)
	}
	out := simplify(e)
	if c.bad != nil || !constant || out.Op == bind.Const || e.Op == bind.Call && e.Function.Volatility != builtin.Immutable {
		return out
	}
	out, bad := computed(e)
	if bad != nil && written && immutable(e) {
		c.bad = bad
	}
	return out
}

// computed returns the constant that e is, or e and the error.
func computed(e *bind.Expr) (*bind.Expr, *sqlstate.Error) {
	pool := &batch.Pool{}
	p, err := compile(pool, e)
	if err != nil {
		return e, nil
	}
	defer p.Close()
	var errs builtin.Errors
	cols := p.Eval(&batch.Batch{Len: 1}, nil, &errs)
	if errs.Len() > 0 {
		return e, errs.Errs[0]
	}
	value := batch.NewColumn(pool, e.Type)
	value.Reset(1)
	value.CopyRow(0, cols[0], 0)
	return &bind.Expr{Op: bind.Const, Type: e.Type, Span: e.Span, Value: value}, nil
}

// within tells whether an operand stands where the expression does; one that stands elsewhere was a column there. What has no place was not written.
func within(operand, e ast.Span) bool {
	return operand == (ast.Span{}) || operand.Start >= e.Start && operand.End <= e.End
}

// immutable reports whether PostgreSQL, too, surely takes e for a function of its operands alone: not of settings such as the zone, the style of dates or the encoding.
func immutable(e *bind.Expr) bool {
	for _, a := range e.Args {
		if !settled(a.Type) {
			return false
		}
	}
	switch e.Op {
	case bind.Cast:
		return settled(e.Type) && !e.Type.Kind.IsDatetime() && !e.Args[0].Type.Kind.IsDatetime() &&
			e.Type.Kind != schema.Interval && e.Args[0].Type.Kind != schema.Interval
	case bind.Call:
		return settled(e.Type) && !dependsOnSettings(e.Function.Name)
	case bind.Arith, bind.Negate, bind.Compare, bind.Subscript:
		return true
	default:
		return false
	}
}

func settled(t schema.Type) bool { return t.Kind != schema.TimestampTZ && t.Kind != schema.Row }

// dependsOnSettings reports whether functions of a name are stable or volatile in PostgreSQL, or some that take no TIMESTAMPTZ are.
func dependsOnSettings(name string) bool {
	switch name {
	case "array_to_string", "concat", "concat_ws", "convert_from", "convert_to", "format", "jsonb_build_array", "jsonb_build_object", "json_build_array",
		"json_build_object", "make_timestamptz", "quote_literal", "quote_nullable", "timezone", "to_char", "to_date", "to_jsonb", "to_json", "to_number", "to_timestamp":
		return true
	default:
		return false
	}
}
