package catalog

import (
	expr "wire.example/wire/internal/expr/ast"
	"wire.example/wire/internal/plan/logical"
	"wire.example/wire/internal/sql/ast"
	"wire.example/wire/sdk/schema"
)

// Object is *Relation, *Sink or *View.
type Object interface {
	// ObjectName is the name in the catalog.
	ObjectName() string
	// Kind says what it is.
	Kind() ast.ObjectKind
	// Definition is the statement that made it, as it was written.
	Definition() string
	// DependsOn are the names of the objects that it reads.
	DependsOn() []string
}

// Header is what all objects have.
type Header struct {
	Name string
	// Text is the statement that made the object, as it was written.
	Text string
	// Reads are the names of the objects that it reads, sorted.
	Reads []string
}

// ObjectName is the name in the catalog.
func (h *Header) ObjectName() string { return h.Name }

// Definition is the statement that made the object.
func (h *Header) Definition() string { return h.Text }

// DependsOn are the names of the objects that it reads.
func (h *Header) DependsOn() []string { return h.Reads }

// Column is a column as a statement declared it.
type Column struct {
	schema.Field
	// Default is the expression of DEFAULT, nil without one.
	Default expr.Node
	// Generated is the expression of a column that is computed from the others, nil for one that is read.
	Generated expr.Node
}

// Rows are the rows of a table that lives in memory. They belong to whoever runs statements.
type Rows interface {
	// Source is the rows as a pipeline reads them.
	Source() *logical.Source
}

// Relation is a source, or a table.
type Relation struct {
	Header
	Columns []Column
	// PrimaryKey are the numbers of the columns that identify a row; nil if nothing does.
	PrimaryKey []int
	// Unique are other sets of columns that identify a row in which none of them is NULL, and Checks what every row must meet; only tables in memory
	// have them.
	Unique []Unique
	Checks []Check
	// Source is where the rows come from: its columns are those of Columns that are not generated, in order. Nil for a table in memory.
	Source *logical.Source
	// Rows are those of a table in memory, nil for all others.
	Rows Rows
	// Stored tells a table from a source.
	Stored bool
}

// Unique is a UNIQUE constraint.
type Unique struct {
	Name string
	// Columns are numbers of columns, ascending.
	Columns []int
}

// Check is a CHECK constraint.
type Check struct {
	Name      string
	Condition expr.Node
}

// Kind is Source or Table.
func (r *Relation) Kind() ast.ObjectKind {
	if r.Stored {
		return ast.Table
	}
	return ast.Source
}

// Schema is the columns.
func (r *Relation) Schema() *schema.Schema {
	fields := make([]schema.Field, len(r.Columns))
	for i, c := range r.Columns {
		fields[i] = c.Field
	}
	return schema.New(fields...)
}

// Column returns the number of the column called name, or -1.
func (r *Relation) Column(name string) int {
	for i, c := range r.Columns {
		if c.Name == name {
			return i
		}
	}
	return -1
}

// Sink is where rows go.
type Sink struct {
	Header
	// Sink has neither input nor name of a pipeline.
	Sink logical.Sink
	// Columns are those that were declared; nil if the sink takes what it is given.
	Columns []Column
}

// Kind is Sink.
func (s *Sink) Kind() ast.ObjectKind { return ast.Sink }

// View is a query with a name.
type View struct {
	Header
	Materialized bool
	Query        *ast.Query
	// Fields are the columns, under the names that the view gives them.
	Fields []schema.Field
}

// Kind is View or MaterializedView.
func (v *View) Kind() ast.ObjectKind {
	if v.Materialized {
		return ast.MaterializedView
	}
	return ast.View
}
