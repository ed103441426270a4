package ast

import expr "wire.example/wire/internal/expr/ast"

// Query is a whole query. As in PostgreSQL, parentheses around a query make no node of their own: (SELECT … LIMIT 1) ORDER BY a is one
// Query that sorts before it limits.
type Query struct {
	expr.Span
	With    *With
	Body    Body
	OrderBy []expr.OrderItem
	Limit   *Limit
}

// Body is what a query computes before it is sorted and limited: *Select, *SetOperation, *Values or *TableQuery. A *Query is one only as
// an operand of a *SetOperation, where it has WITH, ORDER BY or LIMIT of its own.
type Body interface {
	expr.Node
	body()
}

// With is WITH [RECURSIVE] and its queries.
type With struct {
	expr.Span
	Recursive bool
	Tables    []*CommonTable
}

// Materialize is what a WITH query says of being computed once.
type Materialize uint8

// The choices.
const (
	MaterializeDefault Materialize = iota
	MaterializeAlways
	MaterializeNever
)

// CommonTable is one query of a WITH: Name [(Columns)] AS [[NOT] MATERIALIZED] (Query).
type CommonTable struct {
	expr.Span
	Name        expr.Name
	Columns     []expr.Name
	Materialize Materialize
	Query       *Query
}

// Limit is LIMIT and OFFSET, FETCH FIRST being LIMIT too. At least one of Count, All and Offset is set.
type Limit struct {
	expr.Span
	// Count is nil where only OFFSET or LIMIT ALL was written.
	Count expr.Node
	// All is LIMIT ALL.
	All bool
	// WithTies is FETCH FIRST … ROWS WITH TIES; the query then has an ORDER BY.
	WithTies bool
	Offset   expr.Node
}

// Select is SELECT with its clauses, without ORDER BY and LIMIT.
type Select struct {
	expr.Span
	Distinct bool
	// DistinctOn is DISTINCT ON (…); Distinct is set then too.
	DistinctOn []expr.Node
	// Items may be empty, as in PostgreSQL.
	Items   []*expr.SelectItem
	From    []TableExpr
	Where   expr.Node
	GroupBy *GroupBy
	Having  expr.Node
	Windows []NamedWindow
	// Emit, AllowedLateness and LateInto are there only with From.
	Emit *Emit
	// AllowedLateness is the interval of ALLOWED LATENESS, nil without that clause.
	AllowedLateness expr.Node
	// LateInto is the sink of LATE INTO, nil without that clause.
	LateInto *ObjectName
}

// NamedWindow is one definition of a WINDOW clause.
type NamedWindow struct {
	expr.Span
	Name   expr.Name
	Window *expr.Window
}

// GroupBy is GROUP BY [DISTINCT] Items.
type GroupBy struct {
	expr.Span
	// Distinct removes duplicate grouping sets.
	Distinct bool
	Items    []*GroupItem
}

// GroupKind is the kind of a GroupItem.
type GroupKind uint8

// The kinds.
const (
	// GroupExprs is one expression, a parenthesised list of them, which groups by each, or () without any.
	GroupExprs GroupKind = iota
	// GroupingSets is GROUPING SETS (Items), which may be of any kind.
	GroupingSets
	// Rollup and Cube have Items of the kind GroupExprs.
	Rollup
	Cube
)

// GroupItem is one item of a GROUP BY. A parenthesised list is not a row: GROUP BY (a, b) has two Exprs, GROUP BY ROW(a, b) has one.
type GroupItem struct {
	expr.Span
	Kind  GroupKind
	Exprs []expr.Node
	Items []*GroupItem
}

// EmitMode is what a grouping over time hands on.
type EmitMode uint8

// The modes.
const (
	// EmitDefault is EMIT with nothing but EVERY.
	EmitDefault EmitMode = iota
	// EmitOnWindowClose is one row when the watermark closes its window.
	EmitOnWindowClose
	// EmitChanges is every change of a row: EMIT CHANGES and EMIT ON UPDATE.
	EmitChanges
	// EmitFinal is one row when the input has ended.
	EmitFinal
)

// Emit is EMIT {ON WINDOW CLOSE | ON UPDATE | CHANGES | FINAL} [EVERY interval], or EVERY alone.
type Emit struct {
	expr.Span
	Mode EmitMode
	// Every is the interval of processing time between two emissions, nil without EVERY.
	Every expr.Node
}

// SetOp is the operator of a SetOperation.
type SetOp uint8

// The operators. INTERSECT binds tighter than the others, which associate to the left.
const (
	Union SetOp = iota
	Intersect
	Except
)

// SetOperation is L op [ALL] R.
type SetOperation struct {
	expr.Span
	Op   SetOp
	All  bool
	L, R Body
	// OpSpan is the operator's words alone, for messages.
	OpSpan expr.Span
}

// Values is VALUES (…), (…): at least one row, all of the width of the first. In an INSERT an element may be *Default.
type Values struct {
	expr.Span
	Rows []ValuesRow
}

// ValuesRow is one row of VALUES.
type ValuesRow struct {
	expr.Span
	Exprs []expr.Node
}

// TableQuery is TABLE t: SELECT * FROM t.
type TableQuery struct {
	expr.Span
	Table *TableName
}

func (*Query) body()        {}
func (*Select) body()       {}
func (*SetOperation) body() {}
func (*Values) body()       {}
func (*TableQuery) body()   {}
