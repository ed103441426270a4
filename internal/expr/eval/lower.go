package eval

import (
	"wire.example/wire/internal/expr/bind"
	"wire.example/wire/internal/expr/builtin"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// lower rewrites what has no kernel of its own into what has: members of IN that are not constant become comparisons, a comparison with NULL
// by IS DISTINCT FROM becomes IS NULL, and mod(a, b) becomes a % b.
func lower(e *bind.Expr) *bind.Expr {
	out := e
	for i, a := range e.Args {
		if l := lower(a); l != a {
			if out == e {
				out = copyExpr(e)
			}
			out.Args[i] = l
		}
	}
	switch {
	case out.Op == bind.In:
		return lowerIn(out)
	case out.Op == bind.Quantified && out.Each != bind.Const && out.Args[1].Op == bind.Const && !volatileCall(out.Args[0]):
		return lowerQuantified(out)
	case out.Op == bind.Distinct:
		return lowerDistinct(out)
	case out.Op == bind.Call && out.Function.Name == "mod" && len(out.Args) == 2 && out.Type.Kind.IsNumber():
		return &bind.Expr{Op: bind.Arith, Type: schema.Of(out.Type.Kind), Span: out.Span, Symbol: '%', Args: out.Args}
	}
	return out
}

func lowerIn(e *bind.Expr) *bind.Expr {
	fixed, rest := []*bind.Expr{e.Args[0]}, []*bind.Expr(nil)
	for _, a := range e.Args[1:] {
		if a.Op == bind.Const {
			fixed = append(fixed, a)
			continue
		}
		rest = append(rest, &bind.Expr{Op: bind.Compare, Type: e.Type, Span: a.Span, Cmp: bind.Equal, Args: []*bind.Expr{e.Args[0], a}})
	}
	if len(rest) == 0 {
		return e
	}
	out := &bind.Expr{Op: bind.Or, Type: e.Type, Span: e.Span}
	if len(fixed) > 1 {
		in := *e
		in.Args = fixed
		out.Args = append(out.Args, &in)
	}
	out.Args = append(out.Args, rest...)
	if len(out.Args) == 1 {
		return out.Args[0]
	}
	return out
}

func lowerDistinct(e *bind.Expr) *bind.Expr {
	x, y := e.Args[0], e.Args[1]
	if x.IsNullConst() {
		x, y = y, x
	}
	if !y.IsNullConst() || x.Type.Kind == schema.Row {
		return e
	}
	return &bind.Expr{Op: bind.IsNull, Type: e.Type, Span: e.Span, Negated: !e.Negated, Args: []*bind.Expr{x}}
}

// maxAlternatives is how many elements of a constant array become operands of one OR or AND.
const maxAlternatives = 64

// lowerQuantified makes x LIKE ANY (constant array) x LIKE a OR x LIKE b, whose patterns are prepared once.
func lowerQuantified(e *bind.Expr) *bind.Expr {
	array := e.Args[1].Value
	if array.IsNull(0) || array.Offsets()[1]-array.Offsets()[0] > maxAlternatives {
		return e
	}
	out := &bind.Expr{Op: bind.Or, Type: e.Type, Span: e.Span}
	if e.All {
		out.Op = bind.And
	}
	elem := *e.Args[1].Type.Elem
	for i := array.Offsets()[0]; i < array.Offsets()[1]; i++ {
		value := batch.NewColumn(&batch.Pool{}, elem)
		value.Reset(1)
		value.CopyRow(0, array.Child(0), int(i))
		out.Args = append(out.Args, bind.EachOf(e, &bind.Expr{Op: bind.Const, Type: elem, Span: e.Span, Value: value}))
	}
	switch len(out.Args) {
	case 0:
		return bind.BoolOf(e.All)
	case 1:
		return out.Args[0]
	}
	return out
}

// volatileCall reports whether e has another value each time it is computed.
func volatileCall(e *bind.Expr) bool {
	volatile := false
	bind.Walk(e, func(e *bind.Expr) bool {
		volatile = volatile || e.Op == bind.Call && e.Function.Volatility == builtin.Volatile
		return !volatile
	})
	return volatile
}
