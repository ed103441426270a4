package jsonb

import (
	"bytes"
	"strconv"
)

// Type is the type of a JSON value.
type Type uint8

// The types.
const (
	Null Type = iota
	Boolean
	Number
	String
	Array
	Object
)

// String returns the name that PostgreSQL's jsonb_typeof gives.
func (t Type) String() string {
	return [...]string{"null", "boolean", "number", "string", "array", "object"}[t]
}

// TypeOf returns the type of the canonical value json.
func TypeOf(json []byte) Type {
	switch json[0] {
	case '{':
		return Object
	case '[':
		return Array
	case '"':
		return String
	case 'n':
		return Null
	case 't', 'f':
		return Boolean
	}
	return Number
}

// Cursor goes through the members of an object or the elements of an array; for a scalar there is nothing to go through.
type Cursor struct {
	rest   []byte
	object bool
}

// Walk returns a cursor before the first member or element of json.
func Walk(json []byte) Cursor {
	t := TypeOf(json)
	if t < Array || len(json) == 2 {
		return Cursor{}
	}
	return Cursor{rest: json[1:], object: t == Object}
}

// Next returns the next member's key in quotes (nil in an array) and value; ok is false at the end.
func (c *Cursor) Next() (key, value []byte, ok bool) {
	if len(c.rest) == 0 {
		return nil, nil, false
	}
	if c.object {
		n := stringEnd(c.rest)
		key, c.rest = c.rest[:n], c.rest[n+2:] // ": "
	}
	n := valueEnd(c.rest)
	value = c.rest[:n]
	if c.rest[n] == ',' {
		c.rest = c.rest[n+2:]
	} else {
		c.rest = nil
	}
	return key, value, true
}

// valueEnd returns the length of the value at the beginning of s, which something follows.
func valueEnd(s []byte) int {
	switch s[0] {
	case '"':
		return stringEnd(s)
	case '{', '[':
		return nestedEnd(s)
	}
	for n, c := range s {
		if c == ',' || c == ']' || c == '}' {
			return n
		}
	}
	return len(s)
}

// stringEnd returns the length of the string at the beginning of s, quotes included.
func stringEnd(s []byte) int {
	for n := 1; ; n++ {
		switch s[n] {
		case '"':
			return n + 1
		case '\\':
			n++
		}
	}
}

func nestedEnd(s []byte) int {
	depth := 0
	for n := 0; ; n++ {
		switch s[n] {
		case '"':
			n += stringEnd(s[n:]) - 1
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return n + 1
			}
		}
	}
}

// Member returns the value of the member called key, plain text, of the object json; ok is false if json is no object or has none.
func Member(json, key []byte) (value []byte, ok bool) {
	if TypeOf(json) != Object {
		return nil, false
	}
	if clean(key) < len(key) {
		quoted := AppendString(nil, key)
		key = quoted[1 : len(quoted)-1]
	}
	c := Walk(json)
	for {
		k, v, ok := c.Next()
		if !ok {
			return nil, false
		}
		if len(k) == len(key)+2 && bytes.Equal(k[1:len(k)-1], key) {
			return v, true
		}
	}
}

// Element returns element i of the array json, from the end if i is negative; ok is false if json is no array or too short.
func Element(json []byte, i int) (value []byte, ok bool) {
	if TypeOf(json) != Array {
		return nil, false
	}
	if i < 0 {
		if i += Length(json); i < 0 {
			return nil, false
		}
	}
	c := Walk(json)
	for ; ; i-- {
		_, v, ok := c.Next()
		if !ok || i == 0 {
			return v, ok
		}
	}
}

// Length returns the number of elements of an array, of members of an object, and 0 for a scalar.
func Length(json []byte) int {
	c, n := Walk(json), 0
	for {
		if _, _, ok := c.Next(); !ok {
			return n
		}
		n++
	}
}

// Step follows one step of a path: the member of an object, or the element of an array whose number step is.
func Step(json, step []byte) (value []byte, ok bool) {
	if TypeOf(json) == Array {
		i, ok := Index(step)
		if !ok {
			return nil, false
		}
		return Element(json, i)
	}
	return Member(json, step)
}

// Index reads a step of a path as the number of an element.
func Index(step []byte) (int, bool) {
	step = bytes.TrimLeft(step, " \t\n\v\f\r")
	if len(step) > 11 {
		return 0, false
	}
	i, err := strconv.ParseInt(string(step), 10, 32)
	return int(i), err == nil
}

// Path follows the steps from json; ok is false where one leads nowhere.
func Path(json []byte, steps ...[]byte) (value []byte, ok bool) {
	for _, s := range steps {
		if json, ok = Step(json, s); !ok {
			return nil, false
		}
	}
	return json, true
}

// AppendText appends json as ->> gives it: a string without quotes and escapes, anything else as it is. JSON's null is for the caller.
func AppendText(dst, json []byte) []byte {
	if json[0] == '"' {
		return AppendUnquoted(dst, json)
	}
	return append(dst, json...)
}
