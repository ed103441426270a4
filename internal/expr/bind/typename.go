package bind

import (
	"strings"

	"wire.example/wire/internal/expr/ast"
	"wire.example/wire/sdk/connector"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sqlstate"
)

//nolint:gochecknoglobals // immutable table
var plainKinds = map[ast.TypeKind]schema.Kind{
	ast.BooleanType: schema.Bool, ast.SmallintType: schema.Int16, ast.IntegerType: schema.Int32, ast.BigintType: schema.Int64,
	ast.RealType: schema.Float32, ast.DoubleType: schema.Float64, ast.TextType: schema.Text, ast.ByteaType: schema.Bytes,
	ast.DateType: schema.Date, ast.TimeType: schema.Time, ast.TimestampType: schema.Timestamp, ast.TimestamptzType: schema.TimestampTZ,
	ast.IntervalType: schema.Interval, ast.UUIDType: schema.UUID, ast.JSONBType: schema.JSONB,
}

// TypeOf returns the type that a type name means.
func TypeOf(n *ast.TypeName) (schema.Type, error) {
	if kind, ok := plainKinds[n.Kind]; ok {
		if len(n.Mods) > 0 && n.Mods[0] < 6 || n.Interval != ast.AllFields {
			return schema.Type{}, errorf(n.Span, sqlstate.FeatureNotSupported, "type %s is not supported", n).
				hint("Leave the precision out: values keep microseconds. date_trunc cuts them.")
		}
		return schema.Of(kind), nil
	}
	switch n.Kind {
	case ast.NumericType:
		return numericType(n)
	case ast.VarcharType:
		if len(n.Mods) == 0 {
			return schema.Of(schema.Text), nil
		}
		if n.Mods[0] < 1 {
			return schema.Type{}, errorf(n.Span, sqlstate.InvalidParameterValue, "length for type varchar must be at least 1")
		}
		return schema.VarcharOf(n.Mods[0]), nil
	case ast.ArrayType:
		elem, err := TypeOf(n.Elem)
		return schema.ArrayOf(elem), err
	case ast.RowType:
		return rowType(n)
	case ast.CharType:
		return schema.Type{}, errorf(n.Span, sqlstate.FeatureNotSupported, "type %s is not supported", n).
			hint("Use VARCHAR(n) or TEXT: they do not pad with blanks.")
	case ast.NamedType:
		return schema.Type{}, unknownType(n)
	}
	return schema.Type{}, errorf(n.Span, sqlstate.FeatureNotSupported, "type %s is not supported", n)
}

func numericType(n *ast.TypeName) (schema.Type, error) {
	if len(n.Mods) == 0 {
		return schema.Of(schema.Numeric), nil
	}
	precision, scale := n.Mods[0], int32(0)
	if len(n.Mods) > 1 {
		scale = n.Mods[1]
	}
	if precision < 1 || precision > 1000 {
		return schema.Type{}, errorf(n.Span, sqlstate.InvalidParameterValue, "NUMERIC precision %d must be between 1 and 1000", precision)
	}
	if precision > 38 || scale < 0 || scale > precision {
		return schema.Type{}, errorf(n.Span, sqlstate.FeatureNotSupported, "NUMERIC(%d,%d) is not supported", precision, scale).
			hint("The precision is at most 38 and the scale lies between 0 and the precision.")
	}
	return schema.NumericOf(int16(precision), int16(scale)), nil //nolint:gosec // checked above
}

func rowType(n *ast.TypeName) (schema.Type, error) {
	fields := make([]schema.Field, len(n.Fields))
	for i, f := range n.Fields {
		typ, err := TypeOf(f.Type)
		if err != nil {
			return schema.Type{}, err
		}
		fields[i] = schema.Field{Name: f.Name.Text, Type: typ}
	}
	return schema.RowOf(fields...), nil
}

func unknownType(n *ast.TypeName) *Error {
	name := n.Name[len(n.Name)-1].Text
	bad := errorf(n.Span, sqlstate.UndefinedObject, "type \"%s\" does not exist", name)
	known := []string{
		"boolean", "smallint", "integer", "int", "bigint", "real", "double precision", "numeric", "text", "varchar", "bytea", "date", "time",
		"timestamp", "timestamptz", "interval", "uuid", "jsonb",
	}
	if near := connector.Nearest(name, known); near != "" {
		return bad.hint("Perhaps you meant %s.", strings.ToUpper(near))
	}
	return bad.hint("The types are %s, arrays such as TEXT[] and ROW(a BIGINT, b TEXT).", strings.ToUpper(strings.Join(known, ", ")))
}
