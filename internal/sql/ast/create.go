package ast

import expr "wire.example/wire/internal/expr/ast"

// CreateRelation is CREATE SOURCE, TABLE or SINK. A query makes the rows of a table or feeds a sink: AS query, or FROM name, which is
// AS TABLE name.
type CreateRelation struct {
	expr.Span
	// Kind is Source, Table or Sink.
	Kind        ObjectKind
	OrReplace   bool
	Temporary   bool
	IfNotExists bool
	Name        ObjectName
	// Columns have no type where a query gives them theirs: CREATE TABLE t (a, b) AS query.
	Columns     []*ColumnDef
	Constraints []*TableConstraint
	Watermarks  []*Watermark
	Options     []Option
	Query       *Query
	// NoData is AS query WITH NO DATA.
	NoData bool
}

// CreateView is CREATE [MATERIALIZED] VIEW.
type CreateView struct {
	expr.Span
	Materialized bool
	OrReplace    bool
	Temporary    bool
	IfNotExists  bool
	Name         ObjectName
	Columns      []expr.Name
	Options      []Option
	Query        *Query
	// NoData is WITH NO DATA behind the query of a materialized view.
	NoData bool
}

// ColumnDef is a column of CREATE SOURCE, TABLE or SINK: Name Type and constraints.
type ColumnDef struct {
	expr.Span
	Name expr.Name
	// Type is nil where none was written.
	Type        *expr.TypeName
	Constraints []*ColumnConstraint
}

// Find returns the column's first constraint of a kind, nil if there is none.
func (c *ColumnDef) Find(kind ConstraintKind) *ColumnConstraint {
	for _, k := range c.Constraints {
		if k.Kind == kind {
			return k
		}
	}
	return nil
}

// ConstraintKind is the kind of a constraint.
type ConstraintKind uint8

// The kinds. Of these a table constraint is PrimaryKey, Unique, Check or References, which is written FOREIGN KEY there.
const (
	NotNull ConstraintKind = iota
	Nullable
	PrimaryKey
	Unique
	DefaultValue
	Generated
	Check
	References
	Collation
)

// ColumnConstraint is what follows a column's type.
type ColumnConstraint struct {
	expr.Span
	// Name is that of CONSTRAINT name, nil without it.
	Name *expr.Name
	Kind ConstraintKind
	// X is the expression of DefaultValue, Generated (GENERATED ALWAYS AS (X) STORED) and Check.
	X expr.Node
	// Target is the table of References and the name of a Collation, nil for all others.
	Target *ObjectName
	// Columns are those of REFERENCES t (…).
	Columns []expr.Name
}

// TableConstraint is a constraint beside the columns.
type TableConstraint struct {
	expr.Span
	Name *expr.Name
	Kind ConstraintKind
	// Columns are those of PRIMARY KEY, UNIQUE and FOREIGN KEY.
	Columns []expr.Name
	// X is the condition of CHECK.
	X expr.Node
	// Target and TargetColumns are those of REFERENCES.
	Target        *ObjectName
	TargetColumns []expr.Name
}

// Watermark is WATERMARK FOR Column AS X.
type Watermark struct {
	expr.Span
	Column expr.Name
	X      expr.Node
}

// Option is one option of WITH (…): name = value. A name alone means true.
type Option struct {
	expr.Span
	// Name has several parts for a.b = value. A part may be any word, and a string: 'a.b' is one part.
	Name  []expr.Name
	Value Value
}

// ValueKind is the kind of a Value.
type ValueKind uint8

// The kinds.
const (
	StringValue ValueKind = iota
	NumberValue
	BoolValue
	WordValue
	ListValue
	MapValue
)

// Value is a constant of an option or a setting: 'text', -1.5, TRUE, a word such as json, ARRAY['a', 'b'] or ('a', 'b') for a list, and
// (a = 1, 'b-c' = 'x') for a map, all of them nested at will. () is an empty map and ARRAY[] an empty list.
type Value struct {
	expr.Span
	Kind ValueKind
	// Text is a string's value, a number as written with its sign, "true" or "false", or a word in lower case (as written if quoted).
	Text string
	List []Value
	Map  []Option
}
