package bind

import (
	exprast "wire.example/wire/internal/expr/ast"
	"wire.example/wire/internal/expr/bind"
	"wire.example/wire/internal/expr/builtin"
	"wire.example/wire/internal/expr/eval"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sqlstate"
)

// failure returns the error that the evaluation of e, which reads no column, fails with; nil if it does not fail or cannot be evaluated here.
func failure(e *bind.Expr) *sqlstate.Error {
	if !evaluable(e) {
		return nil
	}
	program, err := eval.Compile(&batch.Pool{}, e)
	if err != nil {
		return nil
	}
	defer program.Close()
	var errs builtin.Errors
	program.Eval(&batch.Batch{Len: 1}, nil, &errs)
	if errs.Len() == 0 {
		return nil
	}
	return errs.Errs[0]
}

// evaluable reports whether e needs nothing but itself.
func evaluable(e *bind.Expr) bool {
	ok := true
	bind.Walk(e, func(e *bind.Expr) bool {
		if e.Op == bind.Column || e.Op == bind.Outer || e.Op == bind.Opaque {
			ok = false
		}
		return ok
	})
	return ok
}

// constantInterval is the value of a constant interval in µs. It must have no months, whose length varies.
func constantInterval(e *bind.Expr, n exprast.Node) (int64, error) {
	typ := e.Type
	e, ok, err := bind.Convert(e, schema.Of(schema.Interval))
	if err != nil {
		return 0, err
	}
	if !ok {
		return 0, errorf(n.Location(), sqlstate.DatatypeMismatch, "an interval is expected here, not type %s", typ.PgName()).
			WithHint("Write for example INTERVAL '10 seconds'.")
	}
	if at := ownColumn(e); at != nil {
		return 0, errorf(at.Span, sqlstate.FeatureNotSupported, "the interval must be a constant")
	}
	if e = eval.Fold(e); !e.IsConst() {
		if bad := failure(e); bad != nil {
			return 0, errorf(n.Location(), bad.Code, "%s", bad.Message)
		}
		return 0, errorf(n.Location(), sqlstate.FeatureNotSupported, "the interval must be a constant")
	}
	if e.IsNullConst() {
		return 0, errorf(n.Location(), sqlstate.NullValueNotAllowed, "an interval must not be null here")
	}
	v := e.Value.Intervals()[0]
	if v.Months != 0 {
		return 0, errorf(n.Location(), sqlstate.FeatureNotSupported, "an interval of months or years has no fixed length").WithHint("Use days.")
	}
	const day, most = 24 * 60 * 60 * 1_000_000, 100_000_000
	if v.Days > most || v.Days < -most {
		return 0, errorf(n.Location(), sqlstate.IntervalFieldOverflow, "interval out of range")
	}
	return int64(v.Days)*day + v.Micros, nil
}
