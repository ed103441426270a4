package builtin

import (
	"math"
	"strconv"

	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/jsonb"
	"wire.example/wire/sdk/schema"
	"wire.example/wire/sdk/sqlstate"
	"wire.example/wire/sdk/temporal"
)

func jsonFunctions() []Function {
	return []Function{
		fn("jsonb_typeof", text, jsonTypeOf, json), fn("jsonb_array_length", integer, jsonArrayLength, json),
		fn("jsonb_build_object", json, buildObject, Any).variadic().optional(1).called(),
		fn("jsonb_build_array", json, buildArray, Any).variadic().optional(1).called(),
		fn("jsonb_object", json, objectOfPairs, textArray), fn("jsonb_object", json, objectOfLists, textArray, textArray),
		fn("to_jsonb", json, toJSON, Any),
		fn("jsonb_strip_nulls", json, jsonMake(func(c *Call, i int, dst []byte) ([]byte, bool) { return appendStripped(dst, c.Bytes(0, i)), true }), json),
		fn("jsonb_pretty", text, jsonMake(func(c *Call, i int, dst []byte) ([]byte, bool) { return appendPretty(dst, c.Bytes(0, i), 0), true }), json),
		fn("jsonb_set", json, jsonMake(setPath), json, textArray, json, boolean).optional(1),
		fn("jsonb_insert", json, jsonMake(insertPath), json, textArray, json, boolean).optional(1),
	}
}

func jsonTypeOf(c *Call) {
	c.Each(func(i int) { c.Out.SetBytes(i, []byte(jsonb.TypeOf(c.Bytes(0, i)).String())) })
}

func jsonArrayLength(c *Call) {
	out := c.Out.Int32s()
	c.Each(func(i int) {
		value := c.Bytes(0, i)
		switch jsonb.TypeOf(value) {
		case jsonb.Array:
			out[i] = int32(jsonb.Length(value)) //nolint:gosec // fewer than its bytes
		case jsonb.Object:
			c.Fail(i, errJSON("cannot get array length of a non-array"))
		default:
			c.Fail(i, errJSON("cannot get array length of a scalar"))
		}
	})
}

// AppendJSON appends row of col as to_jsonb gives it.
func AppendJSON(dst []byte, col *batch.Column, row int) []byte {
	if col.IsNull(row) {
		return append(dst, "null"...)
	}
	switch col.Kind() {
	case schema.JSONB:
		return append(dst, col.Bytes(row)...)
	case schema.Bool:
		return strconv.AppendBool(dst, col.Bits().Get(row))
	case schema.Int16, schema.Int32, schema.Int64:
		return codec.AppendText(dst, col, row)
	case schema.Float32:
		return appendJSONFloat(dst, float64(col.Float32s()[row]), 32)
	case schema.Float64:
		return appendJSONFloat(dst, col.Float64s()[row], 64)
	case schema.Numeric:
		if d := col.Decimal(row); d.IsFinite() {
			return codec.AppendDecimal(dst, d)
		}
	case schema.Timestamp:
		return append(temporal.AppendTimestampISO(append(dst, '"'), col.Int64s()[row]), '"')
	case schema.TimestampTZ:
		return append(temporal.AppendTimestampTZISO(append(dst, '"'), col.Int64s()[row], nil), '"')
	case schema.Array:
		offs, child := col.Offsets(), col.Child(0)
		l := openList(dst, '[')
		for k := int(offs[row]); k < int(offs[row+1]); k++ {
			l.add(nil, nil)
			l.dst = AppendJSON(l.dst, child, k)
		}
		return append(l.dst, ']')
	case schema.Row:
		return appendJSONRow(dst, col, row)
	}
	return jsonb.AppendString(dst, codec.AppendText(nil, col, row))
}

// appendJSONRow appends the members in the canonical order.
func appendJSONRow(dst []byte, col *batch.Column, row int) []byte {
	var plain []byte
	for k, f := range col.Type().Fields {
		plain = append(plain, "{,"[min(k, 1)])
		plain = jsonb.AppendString(plain, []byte(f.Name))
		plain = AppendJSON(append(plain, ':'), col.Child(k), row)
	}
	if plain == nil {
		plain = append(plain, '{')
	}
	dst, _ = jsonb.Canonical(dst, append(plain, '}')) // it is JSON, of what is JSON already
	return dst
}

// appendJSONFloat writes numbers without exponent, as PostgreSQL's NUMERIC has them.
func appendJSONFloat(dst []byte, v float64, size int) []byte {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return append(codec.AppendFloat(append(dst, '"'), v, size), '"')
	}
	return strconv.AppendFloat(dst, v, 'f', -1, size)
}

func toJSON(c *Call) {
	c.Each(func(i int) {
		c.appendRow(i, 64, func(dst []byte) []byte { return AppendJSON(dst, c.Args[0].Col, c.Args[0].At(i)) })
	})
}

func buildArray(c *Call) {
	c.Each(func(i int) {
		c.appendRow(i, 64, func(dst []byte) []byte {
			l := openList(dst, '[')
			for _, a := range c.Args {
				l.add(nil, nil)
				l.dst = AppendJSON(l.dst, a.Col, a.At(i))
			}
			return append(l.dst, ']')
		})
	})
}

// scratch is memory that a function keeps between rows.
type scratch struct{ buf []byte }

func (c *Call) scratch() *scratch {
	s, ok := c.State.(*scratch)
	if !ok {
		s = &scratch{}
		c.State = s
	}
	s.buf = s.buf[:0]
	return s
}

func buildObject(c *Call) {
	s := c.scratch()
	c.Each(func(i int) {
		if len(c.Args)%2 != 0 {
			c.Fail(i, errJSON("argument list must have even number of elements").
				WithHint("The arguments of jsonb_build_object() must consist of alternating keys and values."))
			return
		}
		s.buf = append(s.buf[:0], '{')
		for k := 0; k < len(c.Args); k += 2 {
			if bad := c.appendKey(s, k, i); bad != nil {
				c.Fail(i, bad)
				return
			}
			s.buf = AppendJSON(append(s.buf, ':'), c.Args[k+1].Col, c.Args[k+1].At(i))
		}
		c.canonical(i, append(s.buf, '}'))
	})
}

// appendKey appends argument k as the key of a member.
func (c *Call) appendKey(s *scratch, k, i int) *sqlstate.Error {
	a := c.Args[k]
	switch {
	case a.IsNull(i):
		return sqlstate.Errorf(sqlstate.InvalidParameterValue, "argument %d: key must not be null", k+1)
	case a.Col.Kind().IsNested() || a.Col.Kind() == schema.JSONB:
		return errJSON("key value must be scalar, not array, composite, or json")
	}
	if k > 0 {
		s.buf = append(s.buf, ',')
	}
	var room [64]byte
	key := codec.AppendText(room[:0], a.Col, a.At(i))
	if a.Col.Kind() == schema.Bool {
		key = strconv.AppendBool(room[:0], a.Col.Bits().Get(a.At(i)))
	}
	s.buf = jsonb.AppendString(s.buf, key)
	return nil
}

// canonical makes row i the canonical form of plain.
func (c *Call) canonical(i int, plain []byte) {
	own := c.Out.OwnBuffer(len(plain) + 16)
	start := len(own.Data)
	data, bad := jsonb.Canonical(own.Data, plain)
	if bad != nil {
		c.Fail(i, bad)
		return
	}
	own.Data = data
	c.Out.SetOwn(i, start)
}

func objectOfPairs(c *Call) {
	s := c.scratch()
	c.Each(func(i int) {
		child, from, to := c.elements(0, i)
		if (to-from)%2 != 0 {
			c.Fail(i, sqlstate.New(sqlstate.ArraySubscriptError, "array must have even number of elements"))
			return
		}
		s.buf = append(s.buf[:0], '{')
		for k := from; k < to; k += 2 {
			if !c.appendPair(s, i, child, k, child, k+1, k > from) {
				return
			}
		}
		c.canonical(i, append(s.buf, '}'))
	})
}

func objectOfLists(c *Call) {
	s := c.scratch()
	c.Each(func(i int) {
		keys, from, to := c.elements(0, i)
		values, valueFrom, valueTo := c.elements(1, i)
		if to-from != valueTo-valueFrom {
			c.Fail(i, sqlstate.New(sqlstate.ArraySubscriptError, "mismatched array dimensions"))
			return
		}
		s.buf = append(s.buf[:0], '{')
		for k := from; k < to; k++ {
			if !c.appendPair(s, i, keys, k, values, valueFrom+k-from, k > from) {
				return
			}
		}
		c.canonical(i, append(s.buf, '}'))
	})
}

// appendPair appends a member whose key and value are texts; a NULL key fails row i.
func (c *Call) appendPair(s *scratch, i int, keys *batch.Column, k int, values *batch.Column, v int, comma bool) bool {
	if keys.IsNull(k) {
		c.Fail(i, sqlstate.New(sqlstate.NullValueNotAllowed, "null value not allowed for object key"))
		return false
	}
	if comma {
		s.buf = append(s.buf, ',')
	}
	s.buf = append(jsonb.AppendString(s.buf, keys.Bytes(k)), ':')
	s.buf = AppendJSON(s.buf, values, v)
	return true
}

// appendStripped leaves out members that are null, at every depth.
func appendStripped(dst, value []byte) []byte {
	t := jsonb.TypeOf(value)
	if t < jsonb.Array {
		return append(dst, value...)
	}
	l := openList(dst, value[0])
	c := jsonb.Walk(value)
	for {
		key, v, ok := c.Next()
		if !ok {
			return append(l.dst, value[0]+2) // the closing bracket
		}
		if t == jsonb.Object && jsonb.TypeOf(v) == jsonb.Null {
			continue
		}
		l.add(key, nil)
		l.dst = appendStripped(l.dst, v)
	}
}

// appendPretty writes each part on a line of its own, indented by four blanks a level.
func appendPretty(dst, value []byte, level int) []byte {
	if jsonb.TypeOf(value) < jsonb.Array {
		return append(dst, value...)
	}
	dst = append(dst, value[0])
	c := jsonb.Walk(value)
	for first := true; ; first = false {
		key, v, ok := c.Next()
		if !ok {
			return append(appendIndent(dst, level), value[0]+2) // the closing bracket
		}
		if !first {
			dst = append(dst, ',')
		}
		dst = appendIndent(dst, level+1)
		if key != nil {
			dst = append(append(dst, key...), ": "...)
		}
		dst = appendPretty(dst, v, level+1)
	}
}

func appendIndent(dst []byte, level int) []byte {
	dst = append(dst, '\n')
	for range level {
		dst = append(dst, "    "...)
	}
	return dst
}
