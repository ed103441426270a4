package evolve

import (
	"errors"

	"wire.example/wire/internal/state/keyed"
	"wire.example/wire/sdk/schema"
)

// Type is a type as descriptions have it: its kind by number, as all stored formats do.
type Type struct {
	Kind      uint8    `json:"kind"`
	Precision int16    `json:"precision,omitempty"`
	Scale     int16    `json:"scale,omitempty"`
	Length    int32    `json:"length,omitempty"`
	Elem      *Type    `json:"elem,omitempty"`
	Fields    []Column `json:"fields,omitempty"`
}

// mostNested is how deep types may be nested.
const mostNested = 64

var errType = errors.New("a type that there is not")

// TypeOf returns t as descriptions have it.
func TypeOf(t schema.Type) Type {
	out := Type{Kind: uint8(t.Kind), Precision: t.Precision, Scale: t.Scale, Length: t.Length}
	if t.Elem != nil {
		e := TypeOf(*t.Elem)
		out.Elem = &e
	}
	for _, f := range t.Fields {
		out.Fields = append(out.Fields, Column{f.Name, TypeOf(f.Type)})
	}
	return out
}

// Schema returns the type as plans have it.
func (t Type) Schema() (schema.Type, error) { return t.schema(0) }

func (t Type) schema(depth int) (schema.Type, error) {
	kind := schema.Kind(t.Kind)
	if depth > mostNested || kind.String() == "INVALID" || (t.Elem != nil) != (kind == schema.Array) || len(t.Fields) > 0 && kind != schema.Row {
		return schema.Type{}, errType
	}
	out := schema.Type{Kind: kind, Precision: t.Precision, Scale: t.Scale, Length: t.Length}
	if t.Elem != nil {
		e, err := t.Elem.schema(depth + 1)
		if err != nil {
			return out, err
		}
		out.Elem = &e
	}
	for _, f := range t.Fields {
		m, err := f.Type.schema(depth + 1)
		if err != nil {
			return out, err
		}
		out.Fields = append(out.Fields, schema.Field{Name: f.Name, Type: m})
	}
	return out, nil
}

// String is the type as SQL spells it.
func (t Type) String() string {
	s, err := t.Schema()
	if err != nil {
		return "?"
	}
	return s.String()
}

// How a type follows another.
type fit uint8

const (
	same     fit = iota // values are stored alike
	wider               // values are stored otherwise, and each has its place in the new type
	narrower            // a value might have none
)

// follows says how the type now follows the type old.
func (t Type) follows(old Type) fit {
	now, was := schema.Kind(t.Kind), schema.Kind(old.Kind)
	switch {
	case now == was:
		return t.followsAlike(old)
	case was == schema.Int16 && (now == schema.Int32 || now == schema.Int64), was == schema.Int32 && now == schema.Int64, was == schema.Float32 && now == schema.Float64:
		return wider
	}
	return narrower
}

// followsAlike says how a type follows one of its own kind.
func (t Type) followsAlike(old Type) fit {
	switch schema.Kind(t.Kind) {
	case schema.Array:
		return t.Elem.follows(*old.Elem)
	case schema.Row:
		return follow(t.Fields, old.Fields)
	case schema.Numeric:
		return numericFollows(t, old)
	case schema.Text:
		if t.Length != 0 && (old.Length == 0 || t.Length < old.Length) {
			return narrower
		}
	}
	return same
}

// widens reports whether stored values of the type old can be rewritten as ones of t, one by one.
func (t Type) widens(old Type) bool {
	now, err := t.Schema()
	was, bad := old.Schema()
	return err == nil && bad == nil && keyed.Widens(was, now)
}

func numericFollows(now, old Type) fit {
	switch {
	case now.Precision == old.Precision && now.Scale == old.Scale:
		return same
	case now.Precision == 0, old.Precision > 0 && now.Scale == old.Scale && now.Precision > old.Precision:
		return wider
	}
	return narrower
}

func follow(now, old []Column) fit {
	if len(now) != len(old) {
		return narrower
	}
	worst := same
	for i := range now {
		if now[i].Name != old[i].Name {
			return narrower
		}
		worst = max(worst, now[i].Type.follows(old[i].Type))
	}
	return worst
}
