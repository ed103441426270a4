package builtin

import (
	"wire.example/wire/sdk/jsonb"
	"wire.example/wire/sdk/schema"
)

const (
	json      = schema.JSONB
	boolean   = schema.Bool
	textArray = TextArray
)

func jsonOperators() []Function {
	return []Function{
		fn("->", json, jsonFind(memberArg, false), json, text), fn("->", json, jsonFind(elementArg, false), json, integer),
		fn("->>", text, jsonFind(memberArg, true), json, text), fn("->>", text, jsonFind(elementArg, true), json, integer),
		fn("#>", json, jsonFind(pathArg, false), json, textArray), fn("#>>", text, jsonFind(pathArg, true), json, textArray),
		fn("jsonb_extract_path", json, jsonFind(stepArgs, false), json, text).variadic(),
		fn("jsonb_extract_path_text", text, jsonFind(stepArgs, true), json, text).variadic(),
		fn("@>", boolean, jsonTest(func(c *Call, i int) bool { return containsJSON(c.Bytes(0, i), c.Bytes(1, i)) }), json, json),
		fn("<@", boolean, jsonTest(func(c *Call, i int) bool { return containsJSON(c.Bytes(1, i), c.Bytes(0, i)) }), json, json),
		fn("?", boolean, jsonTest(func(c *Call, i int) bool { return hasKey(c.Bytes(0, i), c.Bytes(1, i)) }), json, text),
		fn("?|", boolean, jsonTest(func(c *Call, i int) bool { return c.hasKeys(i, false) }), json, textArray),
		fn("?&", boolean, jsonTest(func(c *Call, i int) bool { return c.hasKeys(i, true) }), json, textArray),
		fn("||", json, jsonMake(concatJSON), json, json),
		fn("-", json, jsonMake(deleteKey), json, text), fn("-", json, jsonMake(deleteKeys), json, textArray), fn("-", json, jsonMake(deleteElement), json, integer),
		fn("#-", json, jsonMake(deletePath), json, textArray),
		fn("jsonb_delete_path", json, jsonMake(deletePath), json, textArray),
	}
}

// finder returns the part of argument 0 that the other arguments lead to.
type finder func(c *Call, row int) (value []byte, ok bool)

func memberArg(c *Call, i int) ([]byte, bool) { return jsonb.Member(c.Bytes(0, i), c.Bytes(1, i)) }

func elementArg(c *Call, i int) ([]byte, bool) {
	value, n := c.Bytes(0, i), int(c.Int32(1, i))
	if jsonb.TypeOf(value) < jsonb.Array && (n == 0 || n == -1) {
		return value, true // PostgreSQL keeps a scalar as an array of one
	}
	return jsonb.Element(value, n)
}

func pathArg(c *Call, i int) (value []byte, ok bool) {
	value, ok = c.Bytes(0, i), true
	child, from, to := c.elements(1, i)
	for k := from; k < to && ok; k++ {
		if child.IsNull(k) {
			return nil, false
		}
		value, ok = jsonb.Step(value, child.Bytes(k))
	}
	return value, ok
}

func stepArgs(c *Call, i int) (value []byte, ok bool) {
	value, ok = c.Bytes(0, i), true
	for k := 1; k < len(c.Args) && ok; k++ {
		value, ok = jsonb.Step(value, c.Bytes(k, i))
	}
	return value, ok
}

// jsonFind makes a function of a finder. Its results are parts of argument 0, not copies; as text, JSON's null is NULL.
func jsonFind(find finder, asText bool) func(*Call) {
	return func(c *Call) {
		c.Out.ShareBuffers(c.Args[0].Col)
		c.Each(func(i int) {
			value, ok := find(c, i)
			if !ok || asText && value[0] == 'n' {
				c.Out.SetNull(i)
				return
			}
			if asText && value[0] == '"' {
				c.unquote(i, value)
				return
			}
			c.part(i, value)
		})
	}
}

// part makes row i value, which lies within argument 0.
func (c *Call) part(i int, value []byte) {
	lo := cap(c.Bytes(0, i)) - cap(value) // slices of slices end where their memory ends
	c.sub(i, lo, lo+len(value))
}

// unquote makes row i the text of the string value, which lies within argument 0.
func (c *Call) unquote(i int, value []byte) {
	inner := value[1 : len(value)-1]
	for _, ch := range inner {
		if ch == '\\' {
			c.appendRow(i, len(inner), func(dst []byte) []byte { return jsonb.AppendUnquoted(dst, value) })
			return
		}
	}
	c.part(i, inner)
}

// jsonTest makes a function of a test.
func jsonTest(test func(c *Call, row int) bool) func(*Call) {
	return func(c *Call) {
		out := c.Out.Bits()
		c.Each(func(i int) { out.Put(i, test(c, i)) })
	}
}

// hasKey tells whether text is the key of a member, an element that is a string, or the string itself.
func hasKey(value, key []byte) bool {
	switch jsonb.TypeOf(value) {
	case jsonb.Object:
		_, ok := jsonb.Member(value, key)
		return ok
	case jsonb.Array:
		cursor := jsonb.Walk(value)
		for {
			_, v, ok := cursor.Next()
			if !ok {
				return false
			}
			if v[0] == '"' && string(jsonb.Unquoted(v)) == string(key) {
				return true
			}
		}
	case jsonb.String:
		return string(jsonb.Unquoted(value)) == string(key)
	default:
		return false
	}
}

// hasKeys tests all keys of argument 1, or whether one is there; a NULL is no key.
func (c *Call) hasKeys(i int, all bool) bool {
	value := c.Bytes(0, i)
	child, from, to := c.elements(1, i)
	for k := from; k < to; k++ {
		if !child.IsNull(k) && hasKey(value, child.Bytes(k)) != all {
			return !all
		}
	}
	return all
}

// equalJSON compares by meaning: numbers by value.
func equalJSON(a, b []byte) bool {
	t := jsonb.TypeOf(a)
	if t != jsonb.TypeOf(b) {
		return false
	}
	switch t {
	case jsonb.Number:
		return jsonb.CompareNumbers(a, b) == 0
	case jsonb.Array, jsonb.Object:
		x, y := jsonb.Walk(a), jsonb.Walk(b)
		for {
			keyA, valueA, okA := x.Next()
			keyB, valueB, okB := y.Next()
			if !okA || !okB {
				return okA == okB
			}
			if string(keyA) != string(keyB) || !equalJSON(valueA, valueB) {
				return false
			}
		}
	default:
		return string(a) == string(b)
	}
}

// containsJSON is whole @> part. An array contains a scalar that is one of its elements.
func containsJSON(whole, part []byte) bool {
	if jsonb.TypeOf(whole) == jsonb.Array && jsonb.TypeOf(part) < jsonb.Array {
		return containsElement(whole, part)
	}
	return containsNested(whole, part)
}

func containsNested(whole, part []byte) bool {
	t := jsonb.TypeOf(whole)
	if t != jsonb.TypeOf(part) {
		return false
	}
	if t < jsonb.Array {
		return equalJSON(whole, part)
	}
	cursor := jsonb.Walk(part)
	for {
		key, value, ok := cursor.Next()
		if !ok {
			return true
		}
		if t == jsonb.Array {
			if !containsElement(whole, value) {
				return false
			}
			continue
		}
		other, ok := jsonb.Member(whole, jsonb.Unquoted(key))
		if !ok || !containsNested(other, value) {
			return false
		}
	}
}

func containsElement(array, value []byte) bool {
	cursor := jsonb.Walk(array)
	for {
		_, v, ok := cursor.Next()
		if !ok {
			return false
		}
		if containsNested(v, value) {
			return true
		}
	}
}

// jsonMaker appends the result for a row to dst. It may fail the row instead: then ok is false.
type jsonMaker func(c *Call, row int, dst []byte) (_ []byte, ok bool)

func jsonMake(f jsonMaker) func(*Call) {
	return func(c *Call) {
		c.Each(func(i int) {
			own := c.Out.OwnBuffer(64)
			start := len(own.Data)
			data, ok := f(c, i, own.Data)
			if !ok {
				own.Data = own.Data[:start]
				return
			}
			own.Data = data
			c.Out.SetOwn(i, start)
		})
	}
}
