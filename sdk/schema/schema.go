package schema

import (
	"errors"
	"fmt"
	"strings"
)

// Field is a named column or row member.
type Field struct {
	Name string
	Type Type
	// NotNull says that a NULL in this column is that row's error where data enters. Inside a pipeline it is a promise.
	NotNull bool
}

// Equal reports whether f and o have the same name, type and nullability.
func (f Field) Equal(o Field) bool {
	return f.Name == o.Name && f.NotNull == o.NotNull && f.Type.Equal(o.Type)
}

// Schema is an ordered list of columns. It is immutable once shared: make a new one to change it.
type Schema struct {
	Fields []Field
}

// New returns a schema of fields, which it keeps.
func New(fields ...Field) *Schema { return &Schema{Fields: fields} }

// The reasons why Find finds nothing.
var (
	ErrNotFound  = errors.New("no such column")
	ErrAmbiguous = errors.New("column name is ambiguous")
)

// Len returns the number of columns.
func (s *Schema) Len() int { return len(s.Fields) }

// Equal reports whether s and o have equal fields in the same order.
func (s *Schema) Equal(o *Schema) bool {
	return RowOf(s.Fields...).Equal(RowOf(o.Fields...))
}

// Find returns the index of the column called name: an exact match wins, else a match that ignores case if it is the only one. The
// error is ErrNotFound or ErrAmbiguous, wrapped with the name.
func (s *Schema) Find(name string) (int, error) { return find(s.Fields, name) }

// Names returns the column names in order.
func (s *Schema) Names() []string {
	names := make([]string, len(s.Fields))
	for i, f := range s.Fields {
		names[i] = f.Name
	}
	return names
}

// String returns the columns as SQL declares them: "a BIGINT, b TEXT NOT NULL".
func (s *Schema) String() string {
	t := RowOf(s.Fields...).String()
	return t[len("ROW(") : len(t)-1]
}

func find(fields []Field, name string) (int, error) {
	folded := -1
	for i := range fields {
		switch {
		case fields[i].Name == name:
			return i, nil
		case !strings.EqualFold(fields[i].Name, name):
		case folded >= 0:
			folded = -2
		case folded == -1:
			folded = i
		}
	}
	switch folded {
	case -1:
		return -1, fmt.Errorf("%w: %q", ErrNotFound, name)
	case -2:
		return -1, fmt.Errorf("%w: %q", ErrAmbiguous, name)
	}
	return folded, nil
}
