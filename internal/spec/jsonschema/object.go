package jsonschema

import (
	"bytes"
	"encoding/json"
)

// object is a JSON object whose members keep their order, so that the document reads well and does not change for nothing.
type object []member

// member is one of an object's. Value is a string, a number, a boolean, an object or a list of those.
type member struct {
	name  string
	value any
}

// list is a JSON array.
type list []any

// with returns o and one member more.
func (o object) with(name string, value any) object {
	return append(o[:len(o):len(o)], member{name, value})
}

// MarshalJSON writes the members in their order, without the escapes for HTML.
func (o object) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	b.WriteByte('{')
	for i, m := range o {
		if i > 0 {
			b.WriteByte(',')
		}
		if err := encoder.Encode(m.name); err != nil {
			return nil, err
		}
		b.WriteByte(':')
		if err := encoder.Encode(m.value); err != nil {
			return nil, err
		}
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// ref refers to a definition.
func ref(name string) object { return object{{"$ref", "#/$defs/" + name}} }

// texts makes a list of strings.
func texts(values ...string) list {
	out := make(list, len(values))
	for i, v := range values {
		out[i] = v
	}
	return out
}
