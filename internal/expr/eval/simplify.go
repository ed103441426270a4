package eval

import (
	"wire.example/wire/internal/expr/bind"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// simplify drops operands that constants beside them make unnecessary. Like PostgreSQL it then forgets the errors that those would raise.

func simplify(e *bind.Expr) *bind.Expr {
	switch e.Op {
	case bind.And, bind.Or:
		return simplifyLogic(e)
	case bind.Case:
		return simplifyCase(e)
	case bind.Coalesce:
		return simplifyCoalesce(e)
	case bind.NullIf:
		if e.Args[0].IsNullConst() || e.Args[1].IsNullConst() {
			return e.Args[0] // nothing is equal to NULL
		}
	case bind.Call, bind.Arith, bind.Negate, bind.Compare, bind.Not, bind.Cast, bind.Like, bind.Subscript:
		if e.Op == bind.Call && !e.Function.Strict {
			return e
		}
		for _, a := range e.Args {
			if a.IsNullConst() {
				return nullOf(e)
			}
		}
	default:
	}
	return e
}

// nullOf returns NULL in e's place.
func nullOf(e *bind.Expr) *bind.Expr {
	value := batch.NewColumn(&batch.Pool{}, e.Type)
	value.Reset(1)
	value.SetAllNull()
	return &bind.Expr{Op: bind.Const, Type: e.Type, Span: e.Span, Value: value}
}

func isTrue(e *bind.Expr) bool {
	return e.Op == bind.Const && e.Type.Kind == schema.Bool && !e.Value.IsNull(0) && e.Value.Bits().Get(0)
}

func isFalse(e *bind.Expr) bool {
	return e.Op == bind.Const && e.Type.Kind == schema.Bool && !e.Value.IsNull(0) && !e.Value.Bits().Get(0)
}

func simplifyLogic(e *bind.Expr) *bind.Expr {
	neutral, decisive := isTrue, isFalse
	if e.Op == bind.Or {
		neutral, decisive = isFalse, isTrue
	}
	var kept []*bind.Expr
	for _, a := range e.Args {
		if decisive(a) {
			return a
		}
		if !neutral(a) {
			kept = append(kept, a)
		}
	}
	switch len(kept) {
	case len(e.Args):
		return e
	case 1:
		return kept[0]
	}
	out := *e
	out.Args = kept
	return &out
}

func simplifyCase(e *bind.Expr) *bind.Expr {
	var kept []*bind.Expr
	for i := 0; i < len(e.Args); i += 2 {
		if i == len(e.Args)-1 {
			kept = append(kept, e.Args[i])
			break
		}
		cond := e.Args[i]
		switch {
		case isTrue(cond):
			kept = append(kept, e.Args[i+1])
			i = len(e.Args) // nothing after it is reached
		case cond.Op != bind.Const:
			kept = append(kept, cond, e.Args[i+1])
		}
	}
	switch len(kept) {
	case len(e.Args):
		return e
	case 0:
		return nullOf(e)
	case 1:
		return kept[0]
	}
	out := *e
	out.Args = kept
	return &out
}

func simplifyCoalesce(e *bind.Expr) *bind.Expr {
	var kept []*bind.Expr
	for _, a := range e.Args {
		if a.IsNullConst() {
			continue
		}
		if kept = append(kept, a); a.Op == bind.Const {
			break
		}
	}
	switch len(kept) {
	case len(e.Args):
		return e
	case 0:
		return nullOf(e)
	case 1:
		return kept[0]
	}
	out := *e
	out.Args = kept
	return &out
}
