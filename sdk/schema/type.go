package schema

import (
	"strconv"
	"strings"
)

// Type is a column's type. It is immutable; copy it freely. Compare with Equal.
type Type struct {
	Kind Kind
	// Precision and Scale belong to NUMERIC(p,s), 1 <= p <= 38; Precision 0 means unconstrained, with a scale of its own for each value.
	Precision int16
	Scale     int16
	// Length is n of VARCHAR(n), in characters; 0 means no limit. Only for Text.
	Length int32
	// Elem is the element type of an Array, else nil.
	Elem *Type
	// Fields are the members of a Row, in order, else nil.
	Fields []Field
}

// Of returns the plain type of kind, without modifiers. For Array and Row use ArrayOf and RowOf.
func Of(k Kind) Type { return Type{Kind: k} }

// ArrayOf returns the type of arrays of elem.
func ArrayOf(elem Type) Type { return Type{Kind: Array, Elem: &elem} }

// RowOf returns the type of rows with fields.
func RowOf(fields ...Field) Type { return Type{Kind: Row, Fields: fields} }

// NumericOf returns NUMERIC(precision, scale).
func NumericOf(precision, scale int16) Type {
	return Type{Kind: Numeric, Precision: precision, Scale: scale}
}

// VarcharOf returns VARCHAR(n).
func VarcharOf(n int32) Type { return Type{Kind: Text, Length: n} }

// IsNull reports whether t is the type of a bare NULL.
func (t Type) IsNull() bool { return t.Kind == Null }

// Equal reports whether t and o are the same type, modifiers, field names and nullability included.
func (t Type) Equal(o Type) bool {
	if t.Kind != o.Kind || t.Precision != o.Precision || t.Scale != o.Scale || t.Length != o.Length || len(t.Fields) != len(o.Fields) {
		return false
	}
	if (t.Elem == nil) != (o.Elem == nil) || t.Elem != nil && !t.Elem.Equal(*o.Elem) {
		return false
	}
	for i := range t.Fields {
		if !t.Fields[i].Equal(o.Fields[i]) {
			return false
		}
	}
	return true
}

// Field returns the index of the member called name in a Row type, by the rule of Find, or -1.
func (t Type) Field(name string) int {
	i, _ := find(t.Fields, name)
	return i
}

// String returns the type as SQL spells it, readable back by the type parser: BIGINT, NUMERIC(10,2), TEXT[], ROW(a BIGINT, b TEXT).
func (t Type) String() string {
	var b strings.Builder
	t.write(&b)
	return b.String()
}

func (t Type) write(b *strings.Builder) {
	switch {
	case t.Kind == Array && t.Elem != nil:
		t.Elem.write(b)
		b.WriteString("[]")
	case t.Kind == Row:
		b.WriteString("ROW(")
		for i, f := range t.Fields {
			if i > 0 {
				b.WriteString(", ")
			}
			b.WriteString(QuoteName(f.Name))
			b.WriteByte(' ')
			f.Type.write(b)
			if f.NotNull {
				b.WriteString(" NOT NULL")
			}
		}
		b.WriteByte(')')
	case t.Kind == Numeric && t.Precision > 0:
		b.WriteString("NUMERIC(" + strconv.Itoa(int(t.Precision)) + "," + strconv.Itoa(int(t.Scale)) + ")")
	case t.Kind == Text && t.Length > 0:
		b.WriteString("VARCHAR(" + strconv.Itoa(int(t.Length)) + ")")
	default:
		b.WriteString(t.Kind.String())
	}
}

// PgName returns the type as PostgreSQL's error messages spell it: "bigint", "text[]", "record".
func (t Type) PgName() string {
	switch {
	case t.Kind == Array && t.Elem != nil:
		return t.Elem.PgName() + "[]"
	case t.Kind == Text && t.Length > 0:
		return "character varying"
	default:
		return t.Kind.PgName()
	}
}

// QuoteName returns name as an SQL identifier, in double quotes unless it is plain lower-case letters, digits and underscores.
func QuoteName(name string) string {
	plain := name != ""
	for i := 0; i < len(name) && plain; i++ {
		c := name[i]
		plain = c >= 'a' && c <= 'z' || c == '_' || i > 0 && c >= '0' && c <= '9'
	}
	if plain {
		return name
	}
	return `"` + strings.ReplaceAll(name, `"`, `""`) + `"`
}
