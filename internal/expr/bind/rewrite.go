package bind

import (
	"wire.example/wire/internal/expr/ast"
	"wire.example/wire/sdk/schema"
)

// Rewrite returns e with every part replaced by what f makes of it, operands before what is made of them. f returns its argument for what it
// leaves alone, and must not change it; what is not changed is shared with e.
func Rewrite(e *Expr, f func(*Expr) *Expr) *Expr {
	out := e
	for i, a := range e.Args {
		if r := Rewrite(a, f); r != a {
			if out == e {
				c := *e
				c.Args = append([]*Expr(nil), e.Args...)
				out = &c
			}
			out.Args[i] = r
		}
	}
	return f(out)
}

// MapColumns returns e with the number of each batch column replaced by what to returns for it.
func MapColumns(e *Expr, to func(column int) int) *Expr {
	return Rewrite(e, func(e *Expr) *Expr {
		if e.Op != Column || to(e.Path[0]) == e.Path[0] {
			return e
		}
		c := *e
		c.Path = append([]int{to(e.Path[0])}, e.Path[1:]...)
		return &c
	})
}

// AndOf returns the conjunction of conditions: nil if there are none.
func AndOf(conditions ...*Expr) *Expr {
	var all []*Expr
	for _, c := range conditions {
		if c != nil {
			all = append(all, Conjuncts(c)...)
		}
	}
	switch len(all) {
	case 0:
		return nil
	case 1:
		return all[0]
	}
	return &Expr{Op: And, Type: boolType(), Span: all[0].Span.To(all[len(all)-1].Span), Args: all}
}

// NullOf returns the constant NULL of a type.
func NullOf(t schema.Type) *Expr { return nullConst(ast.Span{}, t) }

// BoolOf returns a constant BOOLEAN.
func BoolOf(value bool) *Expr {
	e := newConst(ast.Span{}, boolType())
	e.Value.Bits().Put(0, value)
	return e
}

// Fallible reports whether the evaluation of e may fail for some row. It errs on the side of yes.
func Fallible(e *Expr) bool {
	fallible := false
	Walk(e, func(e *Expr) bool {
		switch e.Op {
		case Const, Column, Outer, Compare, And, Or, Not, IsNull, IsBool, Distinct, In, Case, Coalesce, NullIf, Greatest, Least, MakeArray, MakeRow,
			Subscript, Member:
		case Quantified:
			fallible = fallible || e.Each != Const
		case Cast:
			fallible = fallible || !safeCast(e)
		default:
			fallible = true
		}
		return !fallible
	})
	return fallible
}

// safeCast reports whether a cast succeeds for every value.
func safeCast(e *Expr) bool {
	from, to := e.Args[0].Type, e.Type
	switch {
	case from.Equal(to):
		return true
	case !unconstrained(to):
		return false
	case from.Kind == to.Kind:
		return !to.Kind.IsNested()
	case to.Kind == schema.Text:
		return !from.Kind.IsNested()
	case from.Kind.IsInteger():
		return to.Kind == schema.Numeric || to.Kind.IsFloat() || to.Kind.IsInteger() && to.Kind.Width() > from.Kind.Width()
	}
	return from.Kind == schema.Float32 && to.Kind == schema.Float64
}

// Int64Of returns a BIGINT constant.
func Int64Of(value int64) *Expr {
	e := newConst(ast.Span{}, schema.Of(schema.Int64))
	e.Value.Int64s()[0] = value
	return e
}

// ZeroOf returns the number 0 of a type.
func ZeroOf(t schema.Type) *Expr {
	e, err := literal(ast.Span{}, t, "0")
	if err != nil {
		return NullOf(t)
	}
	return e
}
