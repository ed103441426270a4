package ast

import (
	"slices"

	expr "wire.example/wire/internal/expr/ast"
)

// SQL prints a statement, or an item of FROM, as canonical text on one line and without a semicolon. Parsed again it gives an equal
// tree. An expression is printed as package expr/ast does.
func SQL(n expr.Node) string {
	p := printer{}
	switch n := n.(type) {
	case Statement:
		p.statement(n)
	case Body:
		p.body(n)
	case TableExpr:
		p.tableExpr(n)
	default:
		return expr.SQL(n)
	}
	return string(p.out)
}

// String returns the query as canonical text, which lets an expression print its subqueries.
func (q *Query) String() string { return SQL(q) }

type printer struct{ out []byte }

func (p *printer) add(s string) { p.out = append(p.out, s...) }

// when prints s if it applies.
func (p *printer) when(applies bool, s string) {
	if applies {
		p.add(s)
	}
}

func (p *printer) expr(n expr.Node) { p.add(expr.SQL(n)) }

func (p *printer) name(n expr.Name) { p.add(expr.QuoteName(n.Text)) }

// nameBut prints a name in quotes where it is one of the words that would mean something else in its place.
func (p *printer) nameBut(n expr.Name, words ...string) {
	if slices.Contains(words, n.Text) {
		p.add(`"` + n.Text + `"`)
		return
	}
	p.name(n)
}

func (p *printer) object(n ObjectName) { p.dotted(n.Parts) }

func (p *printer) dotted(parts []expr.Name) { p.dottedBut(parts) }

// dottedBut prints names parted by periods, the first one as nameBut does.
func (p *printer) dottedBut(parts []expr.Name, words ...string) {
	for i := range parts {
		if i > 0 {
			p.add(".")
			words = nil
		}
		p.nameBut(parts[i], words...)
	}
}

// list prints items parted by commas.
func list[T any](p *printer, items []T, one func(T)) {
	for i, item := range items {
		if i > 0 {
			p.add(", ")
		}
		one(item)
	}
}

// columns prints (a, b) with a blank before it, nothing if there are none.
func (p *printer) columns(names []expr.Name) {
	if len(names) > 0 {
		p.add(" (")
		list(p, names, p.name)
		p.add(")")
	}
}

func (p *printer) statement(s Statement) {
	switch s := s.(type) {
	case *Query:
		p.query(s)
	case *Insert:
		p.insert(s)
	case *CreateRelation:
		p.createRelation(s)
	case *CreateView:
		p.createView(s)
	case *Drop:
		p.add("DROP " + upper(s.Kind.String()) + " ")
		p.when(s.IfExists, "IF EXISTS ")
		list(p, s.Names, p.object)
		p.when(s.Cascade, " CASCADE")
	case *Explain:
		p.explain(s)
	case *Describe:
		p.add("DESCRIBE ")
		p.object(s.Name)
	default:
		p.session(s)
	}
}

func (p *printer) insert(s *Insert) {
	p.with(s.With)
	p.add("INSERT INTO ")
	p.object(s.Table)
	if s.Alias != nil {
		p.add(" AS ")
		p.name(*s.Alias)
	}
	p.columns(s.Columns)
	if s.Query == nil {
		p.add(" DEFAULT VALUES")
		return
	}
	p.add(" ")
	p.query(s.Query)
}

func (p *printer) explain(s *Explain) {
	p.add("EXPLAIN ")
	var options []string
	option := func(applies bool, text string) {
		if applies {
			options = append(options, text)
		}
	}
	option(s.Analyze, "ANALYZE")
	option(s.Verbose, "VERBOSE")
	option(s.NoCosts, "COSTS off")
	option(s.Format != ExplainText, "FORMAT "+s.Format.String())
	if options != nil {
		p.add("(")
		list(p, options, p.add)
		p.add(") ")
	}
	p.statement(s.Statement)
}

// session prints the statements about the session.
func (p *printer) session(s Statement) {
	switch s := s.(type) {
	case *ShowSetting:
		p.add("SHOW ")
		if len(s.Name) == 0 {
			p.add("ALL")
		}
		p.dottedBut(s.Name, "sources", "tables", "sinks", "views", "functions")
	case *ShowObjects:
		p.add("SHOW " + upper(s.Kind.String()) + "S")
		if s.Like != nil {
			p.add(" LIKE ")
			p.expr(s.Like)
		}
	case *ShowCreate:
		p.add("SHOW CREATE ")
		if s.Kind == AnyObject {
			p.dottedBut(s.Name.Parts, "source", "sink", "view", "materialized")
			return
		}
		p.add(upper(s.Kind.String()) + " ")
		p.object(s.Name)
	case *Set:
		p.set(s)
	case *Reset:
		p.add("RESET ")
		if len(s.Name) == 0 {
			p.add("ALL")
		}
		p.dotted(s.Name)
	default:
		p.prepared(s)
	}
}

func (p *printer) set(s *Set) {
	p.add("SET ")
	p.when(s.Local, "LOCAL ")
	p.dottedBut(s.Name, "local", "session", "names", "role", "schema", "transaction", "constraints", "catalog", "xml")
	p.add(" TO ")
	if len(s.Values) == 0 {
		p.add("DEFAULT")
	}
	list(p, s.Values, p.value)
}

func (p *printer) prepared(s Statement) {
	switch s := s.(type) {
	case *Prepare:
		p.add("PREPARE ")
		p.name(s.Name)
		if len(s.Types) > 0 {
			p.add(" (")
			list(p, s.Types, func(t *expr.TypeName) { p.add(t.String()) })
			p.add(")")
		}
		p.add(" AS ")
		p.statement(s.Statement)
	case *Execute:
		p.add("EXECUTE ")
		p.name(s.Name)
		if len(s.Args) > 0 {
			p.add(" (")
			list(p, s.Args, p.expr)
			p.add(")")
		}
	case *Deallocate:
		p.add("DEALLOCATE ")
		if s.Name == nil {
			p.add("ALL")
			return
		}
		p.name(*s.Name)
	}
}
