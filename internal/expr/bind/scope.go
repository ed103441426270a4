package bind

import (
	"errors"
	"strings"

	"wire.example/wire/sdk/schema"
)

// Ref is a column that a name means: the way to it, and its type. Up says that it belongs to the row of the query so many levels around this
// one; 0 is this query's own.
type Ref struct {
	Path []int
	Type schema.Type
	Up   int
	// Expr, if not nil, is what the name means instead: a column that joins merged, or a row of several columns.
	Expr *Expr
}

// Scope finds columns. Resolve returns errors that wrap schema.ErrNotFound or schema.ErrAmbiguous, or an *Error of its own, which is given the
// name's place; Names are what may be suggested.
type Scope interface {
	Resolve(parts []string) (Ref, error)
	Names() []string
}

// TableScope is a Scope that knows tables: TableRow is the row of the one called name, nil if there is none.
type TableScope interface {
	Scope
	TableRow(name string) (*Expr, error)
}

// schemaScope is the columns of one schema, under the names of its table.
type schemaScope struct {
	schema *schema.Schema
	tables []string
}

// FromSchema returns the scope of one input's columns. tables are the names that may stand before a column's name.
func FromSchema(s *schema.Schema, tables ...string) Scope { return &schemaScope{s, tables} }

func (s *schemaScope) Names() []string { return s.schema.Names() }

// Resolve reads a.b as table.column first and as column.member second.
func (s *schemaScope) Resolve(parts []string) (Ref, error) {
	if len(parts) > 1 {
		for _, t := range s.tables {
			if strings.EqualFold(t, parts[0]) {
				if ref, err := s.column(parts[1:]); err == nil || errors.Is(err, schema.ErrAmbiguous) {
					return ref, err
				}
			}
		}
	}
	return s.column(parts)
}

func (s *schemaScope) column(parts []string) (Ref, error) {
	i, err := s.schema.Find(parts[0])
	if err != nil {
		return Ref{}, err
	}
	ref := Ref{Path: []int{i}, Type: s.schema.Fields[i].Type}
	for _, part := range parts[1:] {
		m := -1
		if ref.Type.Kind == schema.Row {
			m = ref.Type.Field(part)
		}
		if m < 0 {
			return Ref{}, schema.ErrNotFound
		}
		ref = Ref{Path: append(ref.Path, m), Type: ref.Type.Fields[m].Type}
	}
	return ref, nil
}
