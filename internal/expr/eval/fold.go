package eval

import (
	"wire.example/wire/internal/expr/bind"
	"wire.example/wire/internal/expr/builtin"
	"wire.example/wire/sdk/batch"
)

// Fold returns e with its constant parts computed. A part that fails when it is evaluated stays as it is: its error belongs to the rows that
// reach it. Calls of functions that are not immutable stay too. e itself is not changed.
func Fold(e *bind.Expr) *bind.Expr {
	if len(e.Args) == 0 && e.Op != bind.Call {
		return e
	}
	out := e
	constant := e.Op != bind.Opaque
	for i, a := range e.Args {
		f := Fold(a)
		constant = constant && f.Op == bind.Const
		if f != a {
			if out == e {
				out = copyExpr(e)
			}
			out.Args[i] = f
		}
	}
	if e.Op == bind.Call && e.Function.Volatility != builtin.Immutable {
		constant = false
	}
	if constant {
		return compute(out)
	}
	return simplify(out)
}

// copyExpr copies a node, so that it can be given other operands.
func copyExpr(e *bind.Expr) *bind.Expr {
	c := *e
	c.Args = append([]*bind.Expr(nil), e.Args...)
	return &c
}

// compute returns the constant that e is, or e if that fails.
func compute(e *bind.Expr) *bind.Expr {
	out, _ := computed(e)
	return out
}

// Value returns the constant that e is, which reads no column; the error, a *bind.Error at e, is that of its evaluation.
func Value(e *bind.Expr) (*bind.Expr, error) {
	pool := &batch.Pool{}
	p, err := compile(pool, e)
	if err != nil {
		return nil, err
	}
	defer p.Close()
	var errs builtin.Errors
	cols := p.Eval(&batch.Batch{Len: 1}, nil, &errs)
	if errs.Len() > 0 {
		return nil, bind.Errorf(e.Span, errs.Errs[0].Code, "%s", errs.Errs[0].Message).WithHint("%s", errs.Errs[0].Hint)
	}
	value := batch.NewColumn(pool, e.Type)
	value.Reset(1)
	value.CopyRow(0, cols[0], 0)
	return &bind.Expr{Op: bind.Const, Type: e.Type, Span: e.Span, Value: value}, nil
}
