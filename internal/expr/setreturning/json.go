package setreturning

import (
	"strings"

	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/jsonb"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sqlstate"
)

// jsonFunctions have two names each: the type json is jsonb.
func jsonFunctions() []Function {
	const json, text = schema.JSONB, schema.Text
	key := schema.Field{Name: "key", Type: schema.Of(text)}
	var list []Function
	for _, prefix := range []string{"jsonb", "json"} {
		walk := func(name string, want jsonb.Type, result schema.Kind, asText, keys bool) Function {
			name = prefix + name
			return set(name, result, func() Generator { return &jsonItems{name: name, want: want, text: asText, keys: keys} }, json)
		}
		list = append(list,
			walk("_array_elements", jsonb.Array, json, false, false).column("value"),
			walk("_array_elements_text", jsonb.Array, text, true, false).column("value"),
			walk("_each", jsonb.Object, schema.Row, false, true).members(key, schema.Field{Name: "value", Type: schema.Of(json)}),
			walk("_each_text", jsonb.Object, schema.Row, true, true).members(key, schema.Field{Name: "value", Type: schema.Of(text)}),
			walk("_object_keys", jsonb.Object, text, false, true))
		list = append(list, recordFunctions(prefix)...)
	}
	return list
}

// jsonItems are the elements of an array or the members of an object, in the order of the value, which is that of PostgreSQL.
type jsonItems struct {
	streams
	name  string // of the function, for errors
	want  jsonb.Type
	text  bool // values are written as text
	keys  bool // the first column is the key
	items jsonb.Cursor
}

func (g *jsonItems) Start(args []*batch.Column, row int) *sqlstate.Error {
	value := args[0].Bytes(row)
	if t := jsonb.TypeOf(value); t != g.want {
		return g.refuse(t)
	}
	g.items = jsonb.Walk(value)
	return nil
}

// refuse says that the argument has the wrong type t.
func (g *jsonItems) refuse(t jsonb.Type) *sqlstate.Error {
	message := "cannot call " + g.name + " on a non-object"
	switch {
	case g.want == jsonb.Array && t == jsonb.Object:
		message = "cannot extract elements from an object"
	case g.want == jsonb.Array:
		message = "cannot extract elements from a scalar"
	case strings.HasSuffix(g.name, "_object_keys") && t == jsonb.Array:
		message = "cannot call " + g.name + " on an array"
	case strings.HasSuffix(g.name, "_object_keys"):
		message = "cannot call " + g.name + " on a scalar"
	}
	return sqlstate.New(sqlstate.InvalidParameterValue, message)
}

func (g *jsonItems) Fill(out []*batch.Column, at, room int) (int, *sqlstate.Error) {
	values := 0 // number of the column of values
	if g.keys {
		values = 1
	}
	for n := range room {
		key, value, ok := g.items.Next()
		if !ok {
			return n, nil
		}
		if g.keys {
			own := out[0].OwnBuffer(len(key))
			from := len(own.Data)
			own.Data = jsonb.AppendUnquoted(own.Data, key)
			out[0].SetOwn(at+n, from)
		}
		if values < len(out) {
			g.put(out[values], at+n, value)
		}
	}
	return room, nil
}

// put stores a value, the text null as NULL.
func (g *jsonItems) put(c *batch.Column, row int, value []byte) {
	switch {
	case !g.text:
		c.SetBytes(row, value)
	case jsonb.TypeOf(value) == jsonb.Null:
		c.SetNull(row)
	default:
		own := c.OwnBuffer(len(value))
		from := len(own.Data)
		own.Data = jsonb.AppendText(own.Data, value)
		c.SetOwn(row, from)
	}
}
