package bind

import (
	"wire.example/wire/internal/expr/ast"
	"wire.example/wire/internal/expr/builtin"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sqlstate"
)

// What the owners of larger languages make expressions of themselves with.

// Errorf returns an error at a place.
func Errorf(at ast.Span, code sqlstate.Code, format string, args ...any) *Error {
	return errorf(at, code, format, args...)
}

// WithHint gives e a hint and returns it.
func (e *Error) WithHint(format string, args ...any) *Error { return e.hint(format, args...) }

// Settle gives a literal that nothing decided the type TEXT.
func Settle(e *Expr) *Expr { return settle(e) }

// Convert makes e a value of typ as PostgreSQL does unasked; ok is false where it does not. The error is that of a literal that is none of typ.
func Convert(e *Expr, typ schema.Type) (_ *Expr, ok bool, _ error) { return implicitCast(e, typ) }

// CastTo makes e a value of typ, to which it can be cast, as if that had been written.
func CastTo(e *Expr, typ schema.Type) (*Expr, error) { return cast(e, typ, true) }

// Castable reports whether CAST(from AS to) exists.
func Castable(from, to schema.Type) bool { return castableType(from, to) }

// Assignable reports whether a column of type to takes values of type from.
func Assignable(from, to schema.Type) bool { return assignable(from.Kind, to.Kind) || from.Equal(to) }

// CompareOf returns the comparison of l and r by PostgreSQL's rules.
func CompareOf(at ast.Span, cmp CompareOp, l, r *Expr) (*Expr, error) { return compare(at, cmp, l, r) }

// CallOf returns a call of the function or operator of the standard library that name means for args.
func CallOf(at ast.Span, name string, args ...*Expr) (*Expr, error) {
	b := &Binder{functions: builtin.Standard()}
	c := name[0]
	return b.resolve(at, name, args, c != '_' && (c < 'a' || c > 'z'))
}

// OperatorOf returns l op r as an expression that is written has it, for operators of the library and of arithmetic.
func OperatorOf(at ast.Span, op string, l, r *Expr) (*Expr, error) {
	if len(op) == 1 {
		if e, err := arith(&ast.Binary{Span: at, Op: op}, []*Expr{l, r}); e != nil || err != nil {
			return e, err
		}
	}
	return CallOf(at, op, l, r)
}

// LikeOf returns what an operator such as NOT ILIKE makes of two operands; ok is false if it is none of these.
func LikeOf(at ast.Span, op string, l, r *Expr) (_ *Expr, ok bool, _ error) {
	means, ok := map[string]likeOperator{"LIKE": {}, "NOT LIKE": {not: true}, "ILIKE": {fold: true}, "NOT ILIKE": {fold: true, not: true}}[op]
	if !ok {
		if means, ok = likeOperators[op]; !ok {
			return nil, false, nil
		}
	}
	e, err := like(at, means, []*Expr{l, r})
	return e, true, err
}

// NotOf returns the negation of a condition.
func NotOf(e *Expr) *Expr { return &Expr{Op: Not, Type: boolType(), Span: e.Span, Args: []*Expr{e}} }

// NullAt returns NULL of a type, at a place.
func NullAt(at ast.Span, typ schema.Type) *Expr { return nullConst(at, typ) }

// Literal returns the constant that typ's input function makes of text.
func Literal(at ast.Span, typ schema.Type, text string) (*Expr, error) { return literal(at, typ, text) }

// Comparison returns the comparison that an operator is; ok is false if it is none.
func Comparison(op string) (cmp CompareOp, ok bool) {
	cmp, ok = comparisons[op]
	return cmp, ok
}

// OuterOf returns e, which is over the row of a query, as a query so many levels inside of it sees it. Subqueries in e are not changed.
func OuterOf(e *Expr, up int) *Expr {
	return Rewrite(e, func(e *Expr) *Expr {
		switch e.Op {
		case Column:
			c := *e
			c.Op, c.Index = Outer, up
			return &c
		case Outer:
			c := *e
			c.Index += up
			return &c
		default:
			return e
		}
	})
}

// CommonTypeOf is the type that PostgreSQL chooses for args, as in CASE; what names the construct in errors, which are *Error.
func CommonTypeOf(what string, args ...*Expr) (schema.Type, error) {
	typ, err := commonType(what, args)
	if err != nil {
		return typ, err
	}
	for _, a := range args {
		if !a.Unknown && !implicit(a.Type.Kind, typ.Kind) {
			return typ, errorf(a.Span, sqlstate.CannotCoerce, "%s could not convert type %s to %s", what, a.Type.PgName(), typ.PgName())
		}
	}
	return typ, nil
}
