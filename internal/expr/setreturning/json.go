package setreturning

import (
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/jsonb"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sqlstate"
)

func jsonFunctions() []Function {
	const json, text = schema.JSONB, schema.Text
	walk := func(name string, want jsonb.Type, asText, keys bool) func() Generator {
		return func() Generator { return &jsonItems{name: name, want: want, text: asText, keys: keys} }
	}
	key := schema.Field{Name: "key", Type: schema.Of(text)}
	list := []Function{
		set("jsonb_array_elements", json, walk("", jsonb.Array, false, false), json).column("value"),
		set("jsonb_array_elements_text", text, walk("", jsonb.Array, true, false), json).column("value"),
		set("jsonb_each", schema.Row, walk("jsonb_each", jsonb.Object, false, true), json).members(key, schema.Field{Name: "value", Type: schema.Of(json)}),
		set("jsonb_each_text", schema.Row, walk("jsonb_each_text", jsonb.Object, true, true), json).
			members(key, schema.Field{Name: "value", Type: schema.Of(text)}),
		set("jsonb_object_keys", text, walk("jsonb_object_keys", jsonb.Object, false, true), json),
	}
	return append(list, recordFunctions()...)
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
	case g.name == "jsonb_object_keys" && t == jsonb.Array:
		message = "cannot call jsonb_object_keys on an array"
	case g.name == "jsonb_object_keys":
		message = "cannot call jsonb_object_keys on a scalar"
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
