package bind

import (
	"wire.example/wire/internal/expr/ast"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sqlstate"
)

// boolean binds a node that must be a truth value; what names the construct.
func (b *Binder) boolean(node ast.Node, what string) (*Expr, error) {
	x, err := b.Bind(node)
	if err != nil {
		return nil, err
	}
	if x.Unknown {
		return cast(x, boolType(), false)
	}
	if x.Type.Kind != schema.Bool {
		return nil, errorf(node.Location(), sqlstate.DatatypeMismatch, "argument of %s must be type boolean, not type %s", what, x.Type.PgName())
	}
	return x, nil
}

func (b *Binder) logical(n *ast.Logical) (*Expr, error) {
	out, what := &Expr{Op: And, Type: boolType(), Span: n.Span}, "AND"
	if n.Op == ast.Or {
		out.Op, what = Or, "OR"
	}
	for _, a := range n.Args {
		x, err := b.boolean(a, what)
		if err != nil {
			return nil, err
		}
		if x.Op == out.Op {
			out.Args = append(out.Args, x.Args...)
		} else {
			out.Args = append(out.Args, x)
		}
	}
	return out, nil
}

func (b *Binder) is(n *ast.Is) (*Expr, error) {
	out := &Expr{Op: IsNull, Type: boolType(), Span: n.Span, Negated: n.Not}
	switch n.Test {
	case ast.IsNull:
		x, err := b.Bind(n.X)
		if err != nil {
			return nil, err
		}
		out.Args = []*Expr{settle(x)}
		return out, nil
	case ast.IsTrue, ast.IsFalse:
		out.Op, out.Truth = IsBool, n.Test == ast.IsTrue
	default:
	}
	x, err := b.boolean(n.X, isName(n))
	out.Args = []*Expr{x}
	return out, err
}

// isName is the test as messages call it: IS NOT TRUE.
func isName(n *ast.Is) string {
	name := "IS "
	if n.Not {
		name = "IS NOT "
	}
	switch n.Test {
	case ast.IsTrue:
		return name + "TRUE"
	case ast.IsFalse:
		return name + "FALSE"
	default:
		return name + "UNKNOWN"
	}
}

func (b *Binder) distinct(n *ast.Distinct) (*Expr, error) {
	args, err := b.list(n.L, n.R)
	if err != nil {
		return nil, err
	}
	out, err := distinct(n.Span, args[0], args[1])
	switch {
	case err != nil || !n.Not:
		return out, err
	case out.Op == Distinct:
		out.Negated = true
		return out, nil
	}
	return &Expr{Op: Not, Type: boolType(), Span: n.Span, Args: []*Expr{out}}, nil
}

// distinct is l IS DISTINCT FROM r, of rows member by member.
func distinct(at ast.Span, l, r *Expr) (*Expr, error) {
	if !isRow(l) || !isRow(r) || len(l.Args) != len(r.Args) || len(l.Args) == 0 {
		eq, err := compare(at, Equal, l, r)
		if err != nil {
			return nil, err
		}
		if eq.Op != Compare {
			return nil, errorf(at, sqlstate.FeatureNotSupported, "IS DISTINCT FROM of these rows is not supported")
		}
		return &Expr{Op: Distinct, Type: boolType(), Span: at, Args: eq.Args}, nil
	}
	out := &Expr{Op: Or, Type: boolType(), Span: at}
	for i := range l.Args {
		e, err := distinct(at, l.Args[i], r.Args[i])
		if err != nil {
			return nil, err
		}
		out.Args = append(out.Args, e)
	}
	if len(out.Args) == 1 {
		return out.Args[0], nil
	}
	return out, nil
}

func (b *Binder) between(n *ast.Between) (*Expr, error) {
	args, err := b.list(n.X, n.Low, n.High)
	if err != nil {
		return nil, err
	}
	out, err := within(n.Span, args[0], args[1], args[2])
	if err != nil {
		return nil, err
	}
	if n.Symmetric {
		other, err := within(n.Span, args[0], args[2], args[1])
		if err != nil {
			return nil, err
		}
		out = &Expr{Op: Or, Type: boolType(), Span: n.Span, Args: []*Expr{out, other}}
	}
	if n.Not {
		out = &Expr{Op: Not, Type: boolType(), Span: n.Span, Args: []*Expr{out}}
	}
	return out, nil
}

func within(at ast.Span, x, low, high *Expr) (*Expr, error) {
	ge, err := compare(at, GreaterEqual, x, low)
	if err != nil {
		return nil, err
	}
	le, err := compare(at, LessEqual, x, high)
	if err != nil {
		return nil, err
	}
	return &Expr{Op: And, Type: boolType(), Span: at, Args: []*Expr{ge, le}}, nil
}

func (b *Binder) in(n *ast.In) (*Expr, error) {
	if n.Query != nil {
		return b.foreign(n)
	}
	args, err := b.list(append([]ast.Node{n.X}, n.List...)...)
	if err != nil {
		return nil, err
	}
	out, err := inList(n.Span, args)
	if err == nil && n.Not {
		out = &Expr{Op: Not, Type: boolType(), Span: n.Span, Args: []*Expr{out}}
	}
	return out, err
}

// inList is one In where all operands have a common type, else x = a OR x = b.
func inList(at ast.Span, args []*Expr) (*Expr, error) {
	typ, err := commonType("IN", args)
	if err == nil && !typ.Kind.IsNested() && typ.Kind != schema.JSONB {
		cast := append([]*Expr(nil), args...)
		if _, err := unify("IN", cast); err != nil {
			return nil, err
		}
		return &Expr{Op: In, Type: boolType(), Span: at, Args: cast}, nil
	}
	out := &Expr{Op: Or, Type: boolType(), Span: at}
	for _, a := range args[1:] {
		e, err := compare(a.Span, Equal, args[0], a)
		if err != nil {
			return nil, err
		}
		out.Args = append(out.Args, e)
	}
	if len(out.Args) == 1 {
		return out.Args[0], nil
	}
	return out, nil
}

func (b *Binder) like(n *ast.Like) (*Expr, error) {
	nodes := []ast.Node{n.X, n.Pattern}
	if n.Escape != nil {
		nodes = append(nodes, n.Escape)
	}
	args, err := b.list(nodes...)
	if err != nil {
		return nil, err
	}
	if n.Kind == ast.SimilarTo {
		return b.similar(n, args)
	}
	return like(n.Span, likeOperator{fold: n.Kind == ast.ILike, not: n.Not}, args)
}

// similar binds SIMILAR TO as the match of a regular expression.
func (b *Binder) similar(n *ast.Like, args []*Expr) (*Expr, error) {
	pattern, err := b.resolve(n.Span, "similar_to_escape", args[1:], false)
	if err != nil {
		return nil, err
	}
	op := "~"
	if n.Not {
		op = "!~"
	}
	return b.resolve(n.Span, op, []*Expr{args[0], pattern}, true)
}

// like binds text, pattern and perhaps an escape.
func like(at ast.Span, op likeOperator, args []*Expr) (*Expr, error) {
	for i, a := range args {
		if !a.Unknown && a.Type.Kind != schema.Text {
			return nil, noOperator(at, map[bool]string{true: "~~*", false: "~~"}[op.fold], args[:2])
		}
		args[i] = settle(a)
	}
	out := &Expr{Op: Like, Type: boolType(), Span: at, Args: args, Fold: op.fold}
	if op.not {
		return &Expr{Op: Not, Type: boolType(), Span: at, Args: []*Expr{out}}, nil
	}
	return out, nil
}

func (b *Binder) caseOf(n *ast.Case) (*Expr, error) {
	var conds, results []*Expr
	for _, w := range n.Whens {
		cond, err := b.when(n.Operand, w.Cond)
		if err != nil {
			return nil, err
		}
		result, err := b.Bind(w.Result)
		if err != nil {
			return nil, err
		}
		conds, results = append(conds, cond), append(results, result)
	}
	ordered := results
	if n.Else != nil {
		e, err := b.Bind(n.Else)
		if err != nil {
			return nil, err
		}
		// As in PostgreSQL, ELSE comes first when types are matched.
		ordered = append([]*Expr{e}, results...)
	}
	typ, err := unify("CASE", ordered)
	if err != nil {
		return nil, err
	}
	results = ordered[len(ordered)-len(conds):]
	out := &Expr{Op: Case, Type: typ, Span: n.Span}
	for i := range conds {
		out.Args = append(out.Args, conds[i], results[i])
	}
	if n.Else != nil {
		out.Args = append(out.Args, ordered[0])
	}
	return out, nil
}

func (b *Binder) when(operand, cond ast.Node) (*Expr, error) {
	if operand == nil {
		return b.boolean(cond, "CASE/WHEN")
	}
	args, err := b.list(operand, cond)
	if err != nil {
		return nil, err
	}
	return compare(cond.Location(), Equal, settle(args[0]), args[1])
}

func (b *Binder) row(n *ast.Row) (*Expr, error) {
	var args []*Expr
	for _, elem := range n.Elems {
		x, err := b.Bind(elem)
		if err != nil {
			return nil, err
		}
		if _, all := elem.(*ast.Star); !all {
			args = append(args, x)
			continue
		}
		for i := range x.Type.Fields { // ROW(t.*, 1) has the members of t
			args = append(args, MemberOf(x, i))
		}
	}
	fields := make([]schema.Field, len(args))
	for i := range args {
		fields[i] = schema.Field{Name: "f" + itoa(i+1), Type: args[i].Type}
	}
	return &Expr{Op: MakeRow, Type: schema.RowOf(fields...), Span: n.Span, Args: args}, nil
}

func itoa(i int) string {
	if i < 10 {
		return string(rune('0' + i))
	}
	return itoa(i/10) + itoa(i%10)
}

func (b *Binder) array(n *ast.Array) (*Expr, error) {
	if len(n.Elems) == 0 {
		return nil, errorf(n.Span, sqlstate.IndeterminateDatatype, "cannot determine type of empty array").
			hint("Explicitly cast to the desired type, for example ARRAY[]::integer[].")
	}
	args, err := b.list(n.Elems...)
	if err != nil {
		return nil, err
	}
	typ, err := unify("ARRAY", args)
	if err != nil {
		return nil, err
	}
	return &Expr{Op: MakeArray, Type: schema.ArrayOf(typ), Span: n.Span, Args: args}, nil
}
