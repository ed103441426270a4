package setreturning

import (
	"wire.example/wire/internal/expr/builtin"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/jsonb"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sqlstate"
)

func recordFunctions(prefix string) []Function {
	const json = schema.JSONB
	record := func(name string, many, based bool, params ...schema.Kind) Function {
		name = prefix + name
		f := set(name, schema.Row, nil, params...)
		f.Strict, f.Members, f.Declared = many && !based, based, !based
		if based {
			f.ResultOf = func(args []schema.Type) schema.Type { return args[0] }
		}
		f.New = func(args []schema.Type, declared []schema.Field) Generator {
			if based {
				declared = args[0].Fields
			}
			return &records{name: name, many: many, based: based, fields: declared}
		}
		return f
	}
	return []Function{
		record("_to_record", false, false, json), record("_to_recordset", true, false, json),
		record("_populate_record", false, true, builtin.Any, json), record("_populate_recordset", true, true, builtin.Any, json),
	}
}

// records are rows made of JSON objects, member by member after its name. What an object does not have is NULL, or that of the base row.
type records struct {
	streams
	name    string // of the function, for errors
	many    bool   // of an array of objects, else of one object
	based   bool   // the first argument is the base row
	fields  []schema.Field
	base    *batch.Column // nil if there is none, or it is NULL
	row     int
	value   []byte // the one object; nil for a row of the base alone
	left    int    // rows to come, of one object
	objects jsonb.Cursor
}

func (g *records) Start(args []*batch.Column, row int) *sqlstate.Error {
	g.base, g.row, g.value, g.left, g.objects = nil, row, nil, 0, jsonb.Cursor{}
	if g.based && !args[0].IsNull(row) {
		g.base = args[0]
	}
	json := args[len(args)-1]
	switch isNull := json.IsNull(row); {
	case g.many && isNull:
	case g.many:
		value := json.Bytes(row)
		if jsonb.TypeOf(value) != jsonb.Array {
			return sqlstate.New(sqlstate.InvalidParameterValue, "cannot call "+g.name+" on a non-array")
		}
		g.objects = jsonb.Walk(value)
	case isNull:
		g.left = 1
	default:
		g.left, g.value = 1, json.Bytes(row)
		return isObject(g.value)
	}
	return nil
}

// isObject refuses what has no members.
func isObject(value []byte) *sqlstate.Error {
	switch jsonb.TypeOf(value) {
	case jsonb.Object:
		return nil
	case jsonb.Array:
		return sqlstate.New(sqlstate.InvalidParameterValue, "cannot call populate_composite on an array")
	default:
		return sqlstate.New(sqlstate.InvalidParameterValue, "cannot call populate_composite on a scalar")
	}
}

func (g *records) Fill(out []*batch.Column, at, room int) (int, *sqlstate.Error) {
	for n := range room {
		value, ok, bad := g.next()
		if ok && bad == nil {
			bad = g.put(out, at+n, value)
		}
		if !ok || bad != nil {
			return n, bad
		}
	}
	return room, nil
}

// next returns the next object.
func (g *records) next() (value []byte, ok bool, bad *sqlstate.Error) {
	if !g.many {
		g.left--
		return g.value, g.left == 0, nil
	}
	_, value, ok = g.objects.Next()
	if ok && jsonb.TypeOf(value) != jsonb.Object {
		bad = sqlstate.New(sqlstate.InvalidParameterValue, "argument of "+g.name+" must be an array of objects")
	}
	return value, ok, bad
}

// put writes a row of an object, or of the base row alone if object is nil.
func (g *records) put(out []*batch.Column, at int, object []byte) *sqlstate.Error {
	for k, c := range out {
		var value []byte
		if object != nil {
			value, _ = jsonb.Member(object, []byte(g.fields[k].Name))
		}
		switch {
		case value != nil:
			if bad := setJSON(c, at, value, g.fields[k].Name); bad != nil {
				return bad
			}
		case g.base != nil:
			copyRow(c, at, g.base.Child(k), g.row)
		default:
			c.PutNull(at)
		}
	}
	return nil
}

// setJSON stores a JSON value, of the member called name, as row of c, whatever its type: text is read as the type's input function reads it.
func setJSON(c *batch.Column, row int, value []byte, name string) *sqlstate.Error {
	t := jsonb.TypeOf(value)
	switch kind := c.Kind(); {
	case t == jsonb.Null:
		c.PutNull(row)
		return nil
	case kind == schema.JSONB:
		c.SetBytes(row, value)
		return nil
	case kind == schema.Array && t != jsonb.String:
		return setJSONArray(c, row, value, name)
	case kind == schema.Row && t == jsonb.String:
		return sqlstate.Errorf(sqlstate.FeatureNotSupported, "text for a row is not supported").
			WithHint("Write the value of key \"" + name + "\" as a JSON object.")
	case kind == schema.Row:
		return setJSONRow(c, row, value)
	case t == jsonb.String:
		return builtin.SetValue(c, row, jsonb.Unquoted(value))
	default:
		return builtin.SetValue(c, row, value)
	}
}

func setJSONArray(c *batch.Column, row int, value []byte, name string) *sqlstate.Error {
	if jsonb.TypeOf(value) != jsonb.Array {
		return sqlstate.New(sqlstate.InvalidTextRepresentation, "expected JSON array").WithHint("See the value of key \"" + name + "\".")
	}
	child := c.Child(0)
	for items := jsonb.Walk(value); ; {
		_, item, ok := items.Next()
		if !ok {
			break
		}
		n := child.Len()
		child.Resize(n + 1)
		if bad := setJSON(child, n, item, name); bad != nil {
			return bad
		}
	}
	c.Offsets()[row+1] = int32(child.Len()) //nolint:gosec // offsets are 32 bits wide
	return nil
}

func setJSONRow(c *batch.Column, row int, value []byte) *sqlstate.Error {
	if bad := isObject(value); bad != nil {
		return bad
	}
	for k, f := range c.Type().Fields {
		member, ok := jsonb.Member(value, []byte(f.Name))
		if !ok {
			c.Child(k).PutNull(row)
			continue
		}
		if bad := setJSON(c.Child(k), row, member, f.Name); bad != nil {
			return bad
		}
	}
	return nil
}
