package bind

import (
	"wire.example/wire/internal/expr/ast"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sqlstate"
)

// quantified binds x op ANY (array), or ALL.
func (b *Binder) quantified(n *ast.Quantified) (*Expr, error) {
	if _, query := n.R.(*ast.Opaque); query {
		return b.foreign(n)
	}
	args, err := b.list(n.L, n.R)
	if err != nil {
		return nil, err
	}
	x, array := args[0], args[1]
	if !array.Unknown && array.Type.Kind != schema.Array {
		return nil, errorf(n.R.Location(), sqlstate.WrongObjectType, "op ANY/ALL (array) requires array on right side")
	}
	if cmp, ok := comparisons[n.Op]; ok {
		return comparedWith(n, cmp, x, array)
	}
	return operatedWith(n, x, array)
}

// comparedWith is x cmp ANY (array).
func comparedWith(n *ast.Quantified, cmp CompareOp, x, array *Expr) (_ *Expr, err error) {
	if array.Unknown {
		if array, err = cast(array, schema.ArrayOf(plain(settle(x).Type)), false); err != nil {
			return nil, err
		}
	}
	elem := &Expr{Op: Opaque, Type: *array.Type.Elem, Span: array.Span}
	pair, err := compare(n.Span, cmp, x, elem)
	if err != nil {
		return nil, err
	}
	if pair.Op != Compare {
		return nil, errorf(n.Span, sqlstate.FeatureNotSupported, "comparison of %s with the elements of %s is not supported",
			x.Type.PgName(), array.Type.PgName())
	}
	if array, err = elementsAs(array, pair.Args[1], elem); err != nil {
		return nil, err
	}
	return &Expr{Op: Quantified, Type: boolType(), Span: n.Span, Cmp: cmp, All: n.All, Args: []*Expr{pair.Args[0], array}}, nil
}

// elementsAs casts the elements of an array as elem was cast, which stands for one of them.
func elementsAs(array, cast1, elem *Expr) (*Expr, error) {
	if cast1 == elem && !array.Unknown {
		return array, nil
	}
	return cast(array, schema.ArrayOf(cast1.Type), false)
}

// operatedWith is x op ANY (array) of an operator that is no comparison: LIKE and its kin, or one of the library that answers yes or no.
func operatedWith(n *ast.Quantified, x, array *Expr) (*Expr, error) {
	elem := nullConst(array.Span, schema.Of(schema.Text)) // of no type yet, as a literal's elements are
	elem.Unknown = true
	if !array.Unknown {
		elem = &Expr{Op: Opaque, Type: *array.Type.Elem, Span: array.Span}
	}
	pair, isLike, err := LikeOf(n.Span, n.Op, x, elem)
	if !isLike && err == nil {
		pair, err = OperatorOf(n.Span, n.Op, x, elem)
	}
	if err != nil {
		return nil, err
	}
	if pair.Type.Kind != schema.Bool {
		return nil, errorf(n.Span, sqlstate.WrongObjectType, "op ANY/ALL (array) requires operator to yield boolean")
	}
	out := &Expr{Op: Quantified, Type: boolType(), Span: n.Span, All: n.All}
	if pair.Op == Not {
		out.Negated, pair = true, pair.Args[0]
	}
	if pair.Op == Call && !pair.Function.Strict {
		return nil, errorf(n.Span, sqlstate.FeatureNotSupported, "%s ANY or ALL is not supported", n.Op)
	}
	out.Each, out.Fold, out.Function = pair.Op, pair.Fold, pair.Function
	if array, err = elementsAs(array, pair.Args[1], elem); err != nil {
		return nil, err
	}
	out.Args = []*Expr{pair.Args[0], array}
	return out, nil
}

// EachOf returns what a Quantified asks of each element: x compared with elem by its operator.
func EachOf(e, elem *Expr) *Expr {
	out := &Expr{Op: Compare, Type: boolType(), Span: e.Span, Cmp: e.Cmp, Args: []*Expr{e.Args[0], elem}}
	if e.Each != Const {
		out.Op, out.Fold, out.Function = e.Each, e.Fold, e.Function
	}
	if e.Negated {
		return NotOf(out)
	}
	return out
}
