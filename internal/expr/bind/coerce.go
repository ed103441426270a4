package bind

import (
	"wire.example/wire/internal/expr/ast"
	"wire.example/wire/internal/expr/builtin"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sqlstate"
	"wire.example/wire/sdk/temporal"
)

// category groups kinds as PostgreSQL's typcategory does.
type category uint8

const (
	otherCategory category = iota
	boolCategory
	numberCategory
	stringCategory
	timeCategory
	spanCategory
	arrayCategory
	rowCategory
)

func categoryOf(k schema.Kind) category {
	switch {
	case k.IsNumber():
		return numberCategory
	case k.IsDatetime():
		return timeCategory
	case k == schema.Bool:
		return boolCategory
	case k == schema.Text:
		return stringCategory
	case k == schema.Interval:
		return spanCategory
	case k == schema.Array:
		return arrayCategory
	case k == schema.Row:
		return rowCategory
	}
	return otherCategory
}

// preferred tells the kind that a category's ties are broken towards.
func preferred(k schema.Kind) bool {
	switch k {
	case schema.Float64, schema.Text, schema.TimestampTZ, schema.Interval, schema.Bool:
		return true
	}
	return false
}

// implicit reports whether a value of from becomes one of to without being asked.
func implicit(from, to schema.Kind) bool {
	switch {
	case from == to || to == builtin.Any || to == builtin.Elem:
		return true
	case to == builtin.TextArray || to == builtin.DoubleArray:
		return from == schema.Array
	case to == builtin.NonArray:
		return from != schema.Array
	case from.IsNumber() && to.IsNumber():
		return numberRank(from) < numberRank(to)
	case from == schema.Date:
		return to == schema.Timestamp || to == schema.TimestampTZ
	case from == schema.Timestamp:
		return to == schema.TimestampTZ
	case from == schema.Time:
		return to == schema.Interval
	}
	return false
}

func numberRank(k schema.Kind) int {
	switch k {
	case schema.Int16:
		return 1
	case schema.Int32:
		return 2
	case schema.Int64:
		return 3
	case schema.Numeric:
		return 4
	case schema.Float32:
		return 5
	}
	return 6
}

// castableType is castable for whole types: arrays are cast element by element, and everything has a text form.
func castableType(from, to schema.Type) bool {
	switch {
	case from.Kind.IsNested() && to.Kind == schema.Text:
		return true
	case from.Kind == schema.Array && to.Kind == schema.Array:
		return castableType(*from.Elem, *to.Elem)
	case from.Kind == schema.Row && to.Kind == schema.Row:
		for i := range from.Fields {
			if len(from.Fields) != len(to.Fields) || !castableType(from.Fields[i].Type, to.Fields[i].Type) {
				return false
			}
		}
		return len(from.Fields) == len(to.Fields)
	}
	return castable(from.Kind, to.Kind)
}

// castable reports whether CAST(from AS to) exists.
func castable(from, to schema.Kind) bool {
	switch {
	case from == to, from == schema.Null:
		return true
	case from.IsNested() || to.IsNested():
		return false
	case to == schema.Text, from == schema.Text, implicit(from, to):
		return true
	case from.IsNumber() && to.IsNumber():
		return true
	case from == schema.Bool:
		return to == schema.Int32
	case to == schema.Bool:
		return from == schema.Int32 || from == schema.JSONB
	case from == schema.JSONB:
		return to.IsNumber()
	case from == schema.Timestamp, from == schema.TimestampTZ:
		return to.IsDatetime()
	case from == schema.Interval:
		return to == schema.Time
	}
	return false
}

// newConst returns a constant of typ, NULL until its value is set.
func newConst(at ast.Span, typ schema.Type) *Expr {
	col := batch.NewColumn(&batch.Pool{}, typ)
	col.Reset(1)
	return &Expr{Op: Const, Type: typ, Span: at, Value: col}
}

func nullConst(at ast.Span, typ schema.Type) *Expr {
	e := newConst(at, typ)
	e.Value.SetAllNull()
	return e
}

// literal reads text as typ's input function does.
func literal(at ast.Span, typ schema.Type, text string) (*Expr, error) {
	e := newConst(at, typ)
	var bad *sqlstate.Error
	switch typ.Kind {
	case schema.JSONB:
		canon, err := builtin.CanonicalJSON(nil, []byte(text))
		if bad = err; bad == nil {
			e.Value.SetBytes(0, canon)
		}
	case schema.Timestamp:
		v, err := temporal.ParseTimestamp([]byte(text))
		if e.Value.Int64s()[0] = v; err != nil {
			bad = codec.AsSQLState(err)
		}
	case schema.Bytes, schema.Array:
		bad = builtin.SetValue(e.Value, 0, []byte(text))
	default:
		bad = codec.SetText(e.Value, 0, []byte(text))
	}
	if bad != nil {
		return nil, fromState(at, bad)
	}
	return e, nil
}

// cast makes e a value of typ, which must be reachable; unknown literals are read as typ.
func cast(e *Expr, typ schema.Type, explicit bool) (*Expr, error) {
	if e.IsNullConst() {
		return nullConst(e.Span, typ), nil
	}
	if e.Unknown {
		if explicit && typ.Kind == schema.Text && typ.Length > 0 {
			known := *e
			known.Unknown = false
			return &Expr{Op: Cast, Type: typ, Span: e.Span, Args: []*Expr{&known}}, nil
		}
		return literal(e.Span, typ, string(e.Value.Bytes(0)))
	}
	if e.Type.Kind == typ.Kind && !typ.Kind.IsNested() && (typ.Equal(e.Type) || unconstrained(typ)) {
		return e, nil
	}
	if typ.Kind == builtin.Any || e.Type.Equal(typ) {
		return e, nil
	}
	return &Expr{Op: Cast, Type: typ, Span: e.Span, Args: []*Expr{e}, Implicit: !explicit}, nil
}

func unconstrained(t schema.Type) bool { return t.Precision == 0 && t.Length == 0 }

// implicitCast is cast for a place that converts only by itself; ok is false where that cannot be.
func implicitCast(e *Expr, typ schema.Type) (_ *Expr, ok bool, _ error) {
	if !e.Unknown && !e.IsNullConst() && !implicit(e.Type.Kind, typ.Kind) {
		return nil, false, nil
	}
	out, err := cast(e, typ, false)
	return out, true, err
}

// settle gives an undecided literal the type TEXT.
func settle(e *Expr) *Expr {
	if !e.Unknown {
		return e
	}
	known := *e
	known.Unknown = false
	return &known
}

// CommonType returns the type in which the values of a column of type a and one of type b meet, as in a UNION; ok is false if there is none.
func CommonType(a, b schema.Type) (_ schema.Type, ok bool) {
	typ, err := commonType("UNION", []*Expr{{Type: a}, {Type: b}})
	return typ, err == nil
}

// commonType is PostgreSQL's select_common_type: the type of CASE, COALESCE, ARRAY and the like. what is the construct's name.
func commonType(what string, args []*Expr) (schema.Type, error) {
	var typ *schema.Type
	for _, a := range args {
		if a.Unknown {
			continue
		}
		if typ == nil {
			typ = &a.Type
			continue
		}
		if typ.Equal(a.Type) {
			continue
		}
		if typ.Kind == schema.Array && a.Type.Kind == schema.Array {
			elem, err := commonType(what, []*Expr{{Type: *typ.Elem}, {Type: *a.Type.Elem}})
			if err != nil {
				return elem, errorf(a.Span, sqlstate.CannotCoerce, "%s could not convert type %s to %s", what, a.Type.PgName(), typ.PgName())
			}
			t := schema.ArrayOf(elem)
			typ = &t
			continue
		}
		if categoryOf(typ.Kind) != categoryOf(a.Type.Kind) || typ.Kind.IsNested() || typ.Kind != a.Type.Kind && categoryOf(typ.Kind) == otherCategory {
			return schema.Type{}, errorf(a.Span, sqlstate.DatatypeMismatch, "%s types %s and %s cannot be matched", what, typ.PgName(), a.Type.PgName())
		}
		t := schema.Of(typ.Kind)
		if typ.Kind != a.Type.Kind && !preferred(typ.Kind) && implicit(typ.Kind, a.Type.Kind) {
			t = schema.Of(a.Type.Kind)
		}
		typ = &t
	}
	if typ == nil {
		return schema.Of(schema.Text), nil
	}
	return *typ, nil
}

// unify makes all args values of their common type.
func unify(what string, args []*Expr) (schema.Type, error) {
	typ, err := commonType(what, args)
	if err != nil {
		return typ, err
	}
	for i, a := range args {
		cast, ok, err := implicitCast(a, typ)
		if err != nil {
			return typ, err
		}
		if !ok {
			return typ, errorf(a.Span, sqlstate.CannotCoerce, "%s could not convert type %s to %s", what, a.Type.PgName(), typ.PgName())
		}
		args[i] = cast
	}
	return typ, nil
}
