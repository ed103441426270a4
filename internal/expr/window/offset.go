package window

import (
	"wire.example/wire/internal/expr/bind"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sqlstate"
)

// Offset casts the offset of a RANGE frame over an ordering column of type order to what is added to and subtracted from it. The error is a
// *bind.Error: the column's type has no distances, or offset is none.
func Offset(order schema.Type, offset *bind.Expr) (*bind.Expr, error) {
	const what = "RANGE with offset PRECEDING/FOLLOWING is not supported for column type "
	kinds := offsetKinds(order.Kind)
	if kinds == nil {
		return nil, &bind.Error{SQLSTATE: sqlstate.FeatureNotSupported, Message: what + order.PgName(), Span: offset.Span}
	}
	var chosen schema.Kind
	for _, kind := range kinds {
		if offset.Unknown || offset.IsNullConst() || bind.Implicit(offset.Type.Kind, kind) {
			chosen = kind
			break
		}
	}
	if chosen == schema.Null {
		return nil, &bind.Error{
			SQLSTATE: sqlstate.FeatureNotSupported, Message: what + order.PgName() + " and offset type " + offset.Type.PgName(), Span: offset.Span,
			Hint: "Cast the offset value to an appropriate type.",
		}
	}
	return bind.Coerce(offset, schema.Of(chosen))
}

// offsetKinds are the kinds of offsets of an ordering column, the one that a literal is read as first; integers are all BIGINT.
func offsetKinds(order schema.Kind) []schema.Kind {
	switch order {
	case schema.Int16, schema.Int32, schema.Int64:
		return []schema.Kind{schema.Int64}
	case schema.Float32, schema.Float64:
		return []schema.Kind{schema.Float64}
	case schema.Numeric:
		return []schema.Kind{schema.Numeric}
	case schema.Date, schema.Time, schema.Timestamp, schema.TimestampTZ, schema.Interval:
		return []schema.Kind{schema.Interval}
	default:
		return nil
	}
}
