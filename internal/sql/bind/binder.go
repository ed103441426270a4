package bind

import (
	"strconv"

	exprast "wire.example/wire/internal/expr/ast"
	"wire.example/wire/internal/expr/bind"
	"wire.example/wire/internal/plan/logical"
	"wire.example/wire/internal/sql/ast"
	"wire.example/wire/internal/sql/catalog"
	"wire.example/wire/sdk/batch"
	"wire.example/wire/sdk/schema"
)

// publicSchema is the only schema that there is.
const publicSchema = "public"

// Environment is what statements are bound in.
type Environment struct {
	Catalog *catalog.Catalog
	// Rows makes a source of rows that are known: batches of at most batch.MaxRows, kept as they are.
	Rows func(name string, columns *schema.Schema, rows []*batch.Batch) *logical.Source
	// Now is the time of the statement in µs since 1970-01-01 UTC: what now() and its kin mean.
	Now int64
	// Settings answers current_setting; nil knows none.
	Settings func(name string) (string, bool)
	// OnError is what becomes of a row that a step fails for.
	OnError logical.OnError
	// Params are the types of $1 and up, and Values their values, if there are any.
	Params *Params
}

// Binder binds the statements of one pipeline. Sources are scanned and materialized views computed once in it, however many statements read
// them. Not safe for concurrent use; a Binder that returned an error may be used on for other statements.
type Binder struct {
	env    Environment
	tables map[*catalog.Relation]logical.Node
	views  map[*catalog.View]*rows
	one    *logical.Scan
	// names counts the steps with a name, so that each has one of its own.
	names map[string]int
	// viewing are the views being bound, to notice one that reads itself.
	viewing map[string]bool
	// read are the names of the objects that were read.
	read map[string]bool
	// late are the late rows that queries keep.
	late []Late
	// kept are the queries whose late rows were taken.
	kept map[*ast.Select]bool
	// queries counts those that were bound, of views each time.
	queries int
}

// New returns a Binder.
func New(env Environment) *Binder {
	return &Binder{
		env: env, tables: map[*catalog.Relation]logical.Node{}, views: map[*catalog.View]*rows{}, names: map[string]int{}, viewing: map[string]bool{},
		read: map[string]bool{}, kept: map[*ast.Select]bool{},
	}
}

// Column is a column of an answer.
type Column struct {
	Name string
	Type schema.Type
}

// Rows are the rows of a query.
type Rows struct {
	Node    logical.Node
	Columns []Column
}

// rows are the rows of a query that others may still decide something about.
type rows struct {
	node    logical.Node
	columns []outColumn
}

// outColumn is a column of rows. unknown says that it is a literal whose type nothing has decided; its type is TEXT until then.
type outColumn struct {
	name    string
	typ     schema.Type
	unknown bool
}

// Query binds a query; name is what its steps are called after.
func (b *Binder) Query(q *ast.Query, name string) (_ *Rows, err error) {
	defer caught(q.Location(), &err)
	r, err := b.query(q, place{}, nil, name, false)
	if err != nil {
		return nil, err
	}
	out := &Rows{Node: r.node, Columns: make([]Column, len(r.columns))}
	for i, c := range r.columns {
		out.Columns[i] = Column{c.name, c.typ}
	}
	return out, nil
}

// step returns a step called after a statement and a part of it. A name that is taken gets a number.
func (b *Binder) step(name, part string) logical.Step {
	full := name + "." + part
	b.names[full]++
	if n := b.names[full]; n > 1 {
		full += strconv.Itoa(n)
	}
	return logical.Step{Name: full, OnError: b.env.OnError}
}

// filter keeps the rows of n for which a condition is true; nil keeps all.
func (b *Binder) filter(name string, n logical.Node, condition *bind.Expr) logical.Node {
	if condition == nil || isTrue(condition) {
		return n
	}
	condition = seal(condition, n.Schema().Len())
	return &logical.Filter{Step: b.step(name, "filter"), Input: n, Predicate: condition}
}

// isTrue reports whether e is the constant TRUE.
func isTrue(e *bind.Expr) bool {
	return e.IsConst() && e.Type.Kind == schema.Bool && !e.IsNullConst() && e.Value.Bits().Get(0)
}

// project makes columns of the rows of n. Where they are n's own already, n is returned.
func (b *Binder) project(step func() logical.Step, n logical.Node, targets []column) logical.Node {
	fields := n.Schema().Fields
	same := len(targets) == len(fields)
	for i := 0; same && i < len(targets); i++ {
		same = plainColumn(targets[i].expr) && targets[i].expr.Path[0] == i && targets[i].name == fields[i].Name
	}
	if same {
		return n
	}
	items := make([]logical.Item, len(targets))
	for i, t := range targets {
		items[i] = logical.Item{Name: t.name, Expr: bind.Settle(seal(t.expr, len(fields)))}
	}
	return logical.NewProject(step(), n, items)
}

// passed returns targets that pass on the columns of n.
func passed(n logical.Node) []column {
	fields := n.Schema().Fields
	targets := make([]column, len(fields))
	for i, f := range fields {
		targets[i] = column{f.Name, columnOf(i, f)}
	}
	return targets
}

// place is where a query or a FROM item stands: the scopes around it, as scope has them, and how many rows are around its own.
type place struct {
	around, sees *scope
	level        int
	// beside is the query in whose FROM a query stands that does not see the other entries; messages know them.
	beside *query
}

// scope returns the scope of items at the place.
func (p place) scope(q *query, items []*item) *scope {
	return &scope{items: items, level: p.level, parent: p.around, sees: p.sees, query: q}
}

// query is a SELECT, or another body of a query, that is being bound.
type query struct {
	*Binder
	place  place
	name   string
	with   *with
	clause clause
	// lone returns the names that stand alone in the query: if one of them is a table's, its row may be meant.
	lone func() map[string]bool
	// all are all items of FROM, those that an alias hides too.
	all []*item

	aggregates []*aggregateCall
	windows    []*windowCall
	sets       []*setCall
	groupings  []*groupingCall
	named      []namedWindow
	// scalars are the names of the columns of subqueries that stand for a value.
	scalars map[*exprast.Opaque]string
	// grouped says that there is a GROUP BY, a HAVING or an aggregate.
	grouped bool
}

// expr binds an expression in a clause. A literal may stay undecided.
func (q *query) expr(s *scope, c clause, node exprast.Node) (*bind.Expr, error) {
	before := q.clause
	q.clause = c
	defer func() { q.clause = before }()
	return bind.NewBinder(s, bind.WithHook(q.hook(s))).Bind(node)
}

// condition binds a condition; what names the place in messages.
func (q *query) condition(s *scope, c clause, what string, node exprast.Node) (*bind.Expr, error) {
	before := q.clause
	q.clause = c
	defer func() { q.clause = before }()
	return bind.Condition(node, what, s, bind.WithHook(q.hook(s)))
}
