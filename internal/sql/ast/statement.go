package ast

import expr "wire.example/wire/internal/expr/ast"

// Statement is one statement of a script: *Query, *Insert, *CreateRelation, *CreateView, *Drop, *Explain, *Describe, *ShowSetting,
// *ShowObjects, *ShowCreate, *Set, *Reset, *Prepare, *Execute or *Deallocate. Its span has neither the semicolon nor blanks and
// comments around it.
type Statement interface {
	expr.Node
	statement()
}

// ObjectName is the name of a table or another object, perhaps with a schema and a database before it.
type ObjectName struct {
	expr.Span
	Parts []expr.Name
}

// Last returns the name without schema and database.
func (n ObjectName) Last() expr.Name { return n.Parts[len(n.Parts)-1] }

// ObjectKind is the kind of an object of the catalog.
type ObjectKind uint8

// The kinds. AnyObject is none in particular: SHOW CREATE name.
const (
	AnyObject ObjectKind = iota
	Source
	Table
	Sink
	View
	MaterializedView
	Function // only SHOW lists these
)

// String returns the words of the kind in lower case, such as "materialized view".
func (k ObjectKind) String() string { return kindWords[k] }

//nolint:gochecknoglobals // immutable table
var kindWords = [...]string{
	AnyObject: "object", Source: "source", Table: "table", Sink: "sink", View: "view", MaterializedView: "materialized view",
	Function: "function",
}

// Insert is [WITH …] INSERT INTO Table [(Columns)] and a query, VALUES among them, or DEFAULT VALUES. A row of VALUES may hold
// *Default.
type Insert struct {
	expr.Span
	With  *With
	Table ObjectName
	// Alias is the a of INSERT INTO t AS a.
	Alias   *expr.Name
	Columns []expr.Name
	// Query is nil for DEFAULT VALUES.
	Query *Query
}

// Default stands for a column's default in the VALUES of an INSERT.
type Default struct{ expr.Span }

// String returns DEFAULT.
func (*Default) String() string { return "DEFAULT" }

// Drop is DROP kind [IF EXISTS] Names [CASCADE]; RESTRICT is what happens without CASCADE.
type Drop struct {
	expr.Span
	Kind     ObjectKind
	IfExists bool
	Names    []ObjectName
	Cascade  bool
}

// ExplainFormat is how EXPLAIN prints a plan.
type ExplainFormat uint8

// The formats.
const (
	ExplainText ExplainFormat = iota
	ExplainJSON
)

// Explain is EXPLAIN of a *Query, *Insert, *CreateRelation with a query, *CreateView or *Execute.
type Explain struct {
	expr.Span
	// Analyze asks to run the statement and to print what happened.
	Analyze bool
	Verbose bool
	// NoCosts leaves estimates out: COSTS off.
	NoCosts   bool
	Format    ExplainFormat
	Statement Statement
}

// Describe is DESCRIBE Name.
type Describe struct {
	expr.Span
	Name ObjectName
}

// ShowSetting is SHOW name and SHOW ALL.
type ShowSetting struct {
	expr.Span
	// Name has more than one part for settings such as a.b; it is empty for ALL.
	Name []expr.Name
}

// ShowObjects is SHOW SOURCES, TABLES, SINKS, VIEWS, MATERIALIZED VIEWS and FUNCTIONS [LIKE 'pattern'].
type ShowObjects struct {
	expr.Span
	Kind ObjectKind
	Like *expr.Literal
}

// ShowCreate is SHOW CREATE [kind] Name: the statement that makes an object.
type ShowCreate struct {
	expr.Span
	Kind ObjectKind
	Name ObjectName
}

// Set is SET name TO Values, and SET TIME ZONE, whose name is timezone. The Values are scalars; there are none for DEFAULT.
type Set struct {
	expr.Span
	// Local is SET LOCAL: until the transaction ends.
	Local  bool
	Name   []expr.Name
	Values []Value
}

// Reset is RESET name and RESET ALL, which has no Name.
type Reset struct {
	expr.Span
	Name []expr.Name
}

// Prepare is PREPARE Name [(Types)] AS Statement, a *Query or an *Insert.
type Prepare struct {
	expr.Span
	Name      expr.Name
	Types     []*expr.TypeName
	Statement Statement
}

// Execute is EXECUTE Name [(Args)].
type Execute struct {
	expr.Span
	Name expr.Name
	Args []expr.Node
}

// Deallocate is DEALLOCATE Name and DEALLOCATE ALL, where Name is nil.
type Deallocate struct {
	expr.Span
	Name *expr.Name
}

func (*Query) statement()          {}
func (*Insert) statement()         {}
func (*CreateRelation) statement() {}
func (*CreateView) statement()     {}
func (*Drop) statement()           {}
func (*Explain) statement()        {}
func (*Describe) statement()       {}
func (*ShowSetting) statement()    {}
func (*ShowObjects) statement()    {}
func (*ShowCreate) statement()     {}
func (*Set) statement()            {}
func (*Reset) statement()          {}
func (*Prepare) statement()        {}
func (*Execute) statement()        {}
func (*Deallocate) statement()     {}
