package ast

import expr "wire.example/wire/internal/expr/ast"

// TableExpr is an item of FROM or an operand of a join: *TableName, *Derived, *TableFunction, *WindowTable or *Join.
type TableExpr interface {
	expr.Node
	tableExpr()
}

// Alias is [AS] Name [(Columns)].
type Alias struct {
	expr.Span
	Name    expr.Name
	Columns []expr.Name
}

// TableName is a table, view, source or WITH query by its name.
type TableName struct {
	expr.Span
	// Only is ONLY t, which means nothing where tables have no heirs.
	Only bool
	Name ObjectName
	// AsOf is the time of FOR SYSTEM_TIME AS OF, nil without it.
	AsOf  expr.Node
	Alias *Alias
}

// Derived is [LATERAL] (Query) AS alias. The grammar asks for the alias, as PostgreSQL 15's does.
type Derived struct {
	expr.Span
	Lateral bool
	Query   *Query
	Alias   *Alias
}

// TableFunction is a function in FROM: [LATERAL] f(…) [WITH ORDINALITY] [AS alias], or ROWS FROM (f(…), g(…)) with the same around it.
type TableFunction struct {
	expr.Span
	Lateral bool
	// RowsFrom tells that ROWS FROM was written; without it there is one function.
	RowsFrom   bool
	Functions  []FromFunction
	Ordinality bool
	// Alias is nil where none was written, and for AS (a INT, …), whose columns are those of the only function.
	Alias *Alias
}

// FromFunction is a function call in FROM.
type FromFunction struct {
	expr.Span
	// Call is a *FuncCall, or another form that SQL writes as a function: a *Cast, a *CurrentValue.
	Call expr.Node
	// Columns are the definitions AS (a INT, b TEXT) of a function that returns records. Each has a name and a type, nothing else.
	Columns []*ColumnDef
}

// WindowKind is the shape of a WindowTable's windows.
type WindowKind uint8

// The shapes.
const (
	Tumble WindowKind = iota
	Hop
	Session
	Cumulate
)

// String returns the name of the function in lower case.
func (k WindowKind) String() string { return windowWords[k] }

//nolint:gochecknoglobals // immutable table
var windowWords = [...]string{Tumble: "tumble", Hop: "hop", Session: "session", Cumulate: "cumulate"}

// WindowTable is a window table function: the rows of a table with the windows they fall into. Positional arguments are
//
//	TUMBLE(input, time, size [, offset])
//	HOP(input, time, step, size [, offset])
//	CUMULATE(input, time, step, size [, offset])
//	SESSION(input [PARTITION BY …], time, gap)
//
// and TABLE(TUMBLE(TABLE input [PARTITION BY …], DESCRIPTOR(time), …)), also with the names DATA, TIMECOL, SIZE, SLIDE, STEP, GAP and
// OFFSET for the arguments, is the same.
type WindowTable struct {
	expr.Span
	Kind WindowKind
	// Input is a *TableName without an alias or a *Derived, which needs none here.
	Input       TableExpr
	PartitionBy []expr.Node
	Time        *expr.Column
	// Size is the width of a window, the longest one of CUMULATE; nil for SESSION.
	Size expr.Node
	// Step is how far apart windows of HOP start, and by how much those of CUMULATE grow; else nil.
	Step expr.Node
	// Gap is the silence that ends a SESSION; else nil.
	Gap expr.Node
	// Offset moves the windows; nil where it was not written.
	Offset expr.Node
	Alias  *Alias
}

// JoinKind is the kind of a Join.
type JoinKind uint8

// The kinds.
const (
	InnerJoin JoinKind = iota
	LeftJoin
	RightJoin
	FullJoin
	CrossJoin
)

// Join is L JOIN R. One of Natural, On and Using says which rows belong together, none of them for a CrossJoin.
type Join struct {
	expr.Span
	Kind    JoinKind
	Natural bool
	L, R    TableExpr
	On      expr.Node
	Using   []expr.Name
	// UsingAlias is the a of USING (…) AS a, which names the merged columns.
	UsingAlias *expr.Name
	// Alias is that of a join in parentheses: (a JOIN b ON …) AS j. It hides the names inside.
	Alias *Alias
	// OpSpan is the words from the kind to JOIN, for messages.
	OpSpan expr.Span
}

func (*TableName) tableExpr()     {}
func (*Derived) tableExpr()       {}
func (*TableFunction) tableExpr() {}
func (*WindowTable) tableExpr()   {}
func (*Join) tableExpr()          {}
