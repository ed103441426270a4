package parse

import (
	exprast "wire.example/wire/internal/expr/ast"
	"wire.example/wire/internal/expr/parse"
	"wire.example/wire/internal/sql/ast"
	"wire.example/wire/sdk/sqlstate"
)

// tableExpr parses an item of FROM with the joins behind it.
func (p *parser) tableExpr() ast.TableExpr {
	start := p.Peek().Start
	var t ast.TableExpr
	p.nested(func() { t = p.tablePrimary() })
	return p.joins(t, start)
}

// tablePrimary parses an item of FROM without joins, but for those in parentheses.
func (p *parser) tablePrimary() ast.TableExpr {
	t := p.Peek()
	switch {
	case t.Is("("):
		if p.AtQuery() {
			return p.derived(t.Start, false)
		}
		return p.joinInParentheses()
	case p.AcceptWords("lateral"):
		return p.lateral(t.Start)
	case p.AcceptWords("only"):
		return p.only(t.Start)
	case t.Kind == parse.Ident:
		return p.named(t)
	}
	p.Unexpected()
	return nil
}

// lateral parses what may follow LATERAL: a query or a function.
func (p *parser) lateral(start int32) ast.TableExpr {
	if p.At("(") {
		if !p.AtQuery() {
			p.Next()
			p.UnexpectedHint("LATERAL takes a query or a function")
			return nil
		}
		return p.derived(start, true)
	}
	f, ok := p.named(p.Peek()).(*ast.TableFunction)
	if !ok {
		if !p.failed() {
			p.Errorf(p.From(start), sqlstate.SyntaxError, "LATERAL takes a query or a function")
		}
		return nil
	}
	f.Lateral = true
	f.Start = start
	return f
}

// derived parses a query in parentheses and its alias.
func (p *parser) derived(start int32, lateral bool) *ast.Derived {
	d := &ast.Derived{Lateral: lateral}
	at := p.Peek().Span
	p.parenthesised(func() { d.Query = p.query() })
	d.Alias = p.alias()
	d.Span = p.From(start)
	if d.Alias == nil && !p.failed() {
		what, example := "subquery", "(SELECT …) AS name"
		if _, ok := d.Query.Body.(*ast.Values); ok {
			what, example = "VALUES", "(VALUES …) AS name"
		}
		p.Fail(&parse.Error{
			SQLSTATE: sqlstate.SyntaxError, Message: what + " in FROM must have an alias", Span: at, Hint: "write FROM " + example,
		})
	}
	return d
}

// only parses ONLY t and ONLY (t).
func (p *parser) only(start int32) ast.TableExpr {
	t := &ast.TableName{Only: true}
	if p.At("(") {
		p.parenthesised(func() { t.Name = p.objectName() })
	} else {
		t.Name = p.objectName()
	}
	return p.tableNameEnd(t, start)
}

// relation parses [ONLY] name [*], as TABLE takes it.
func (p *parser) relation() *ast.TableName {
	start := p.Peek().Start
	t := &ast.TableName{Only: p.AcceptWords("only")}
	if t.Only && p.At("(") {
		p.parenthesised(func() { t.Name = p.objectName() })
	} else {
		t.Name = p.objectName()
		if !t.Only {
			p.Accept("*")
		}
	}
	t.Span = p.From(start)
	return t
}

// named parses an item of FROM that begins with a word: a table, a function, or a window table function.
func (p *parser) named(t *parse.Token) ast.TableExpr {
	if !t.Quoted {
		switch {
		case p.call("tumble", "hop", "session", "cumulate"):
			return p.windowTable()
		case p.call("table"):
			return p.standardTable()
		case p.AtWords("rows", "from") && p.PeekAt(2).Is("("):
			return p.rowsFrom()
		case p.atFunctionWord(t):
			return p.tableFunction()
		}
	}
	n := 1
	for p.PeekAt(n).Is(".") && p.PeekAt(n+1).Kind == parse.Ident {
		n += 2
	}
	if p.PeekAt(n).Is("(") && (n > 1 || t.Class != exprast.ColumnName) && t.Class != exprast.Reserved {
		return p.tableFunction()
	}
	name := &ast.TableName{Name: p.objectName()}
	p.Accept("*") // heirs too, as ever
	return p.tableNameEnd(name, t.Start)
}

// tableNameEnd parses what follows the name of a table in FROM.
func (p *parser) tableNameEnd(t *ast.TableName, start int32) ast.TableExpr {
	t.AsOf = p.asOf()
	t.Alias = p.alias()
	if t.AsOf == nil {
		t.AsOf = p.asOf()
	}
	t.Span = p.From(start)
	p.unsupportedWords("keep a random share of the rows by WHERE random() < 0.1", "tablesample")
	return t
}

// asOf parses FOR SYSTEM_TIME AS OF time, nil if it is not there.
func (p *parser) asOf() exprast.Node {
	if !p.AcceptWords("for", "system_time") {
		return nil
	}
	p.ExpectWords("as", "of")
	return p.expr()
}

// atFunctionWord tells whether one of the functions is next that SQL writes in a way of its own.
func (p *parser) atFunctionWord(t *parse.Token) bool {
	switch t.Text {
	case "current_date", "current_time", "current_timestamp", "localtime", "localtimestamp", "current_role", "current_user", "session_user",
		"user", "current_catalog", "current_schema":
		return true
	case "cast", "coalesce", "extract", "greatest", "least", "nullif", "overlay", "position", "substring", "trim", "xmltable":
		return p.PeekAt(1).Is("(")
	}
	return false
}

// alias parses [AS] name [(columns)]; nil if there is none.
func (p *parser) alias() *ast.Alias {
	t := p.Peek()
	switch {
	case p.AcceptWords("as"):
	case t.Kind != parse.Ident || t.Class > exprast.ColumnName || p.atStreamClause():
		return nil
	}
	a := &ast.Alias{Name: p.name()}
	if p.At("(") {
		a.Columns = p.nameList()
	}
	a.Span = p.From(t.Start)
	return a
}

// tableFunction parses a function in FROM.
func (p *parser) tableFunction() ast.TableExpr {
	start := p.Peek().Start
	t := &ast.TableFunction{Functions: []ast.FromFunction{p.functionCall()}}
	p.functionEnd(t, start)
	return t
}

func (p *parser) functionCall() ast.FromFunction {
	if p.At("(") {
		p.Unexpected()
	}
	x, _ := p.Expr(exprast.PrimaryPrecedence)
	switch call := x.(type) {
	case nil:
		return ast.FromFunction{}
	case *exprast.FuncCall:
		if call.Over != nil || call.Filter != nil || call.WithinGroup != nil {
			p.Errorf(call.Span, sqlstate.SyntaxError, "a function in FROM takes neither FILTER nor OVER nor WITHIN GROUP")
		}
	case *exprast.Cast, *exprast.CurrentValue:
	default:
		p.Errorf(x.Location(), sqlstate.SyntaxError, "FROM takes tables, queries and functions, not values")
	}
	return ast.FromFunction{Call: x, Span: x.Location()}
}

// functionEnd parses [WITH ORDINALITY] and the alias, which may define the columns: AS t (a INT, b TEXT), AS (a INT, b TEXT).
func (p *parser) functionEnd(t *ast.TableFunction, start int32) {
	t.Ordinality = p.AcceptWords("with", "ordinality")
	at := p.Peek()
	as := p.AcceptWords("as")
	named := p.Peek().Kind == parse.Ident && (as || p.Peek().Class <= exprast.ColumnName && !p.atStreamClause())
	if named {
		t.Alias = &ast.Alias{Name: p.name()}
	}
	switch {
	case (as || named) && p.At("(") && (!named || p.atDefinitions()):
		p.functionColumns(t)
	case named && p.At("("):
		t.Alias.Columns = p.nameList()
	case as && !named:
		p.Unexpected()
	}
	if t.Alias != nil {
		t.Alias.Span = p.From(at.Start)
	}
	t.Span = p.From(start)
}

// atDefinitions tells columns with types from columns without.
func (p *parser) atDefinitions() bool {
	next := p.PeekAt(2)
	return p.PeekAt(1).Kind == parse.Ident && !next.Is(",") && !next.Is(")")
}

func (p *parser) functionColumns(t *ast.TableFunction) {
	at := p.Peek().Span
	columns := p.definitions()
	switch {
	case p.failed():
	case len(t.Functions) > 1:
		p.Fail(&parse.Error{
			SQLSTATE: sqlstate.SyntaxError, Message: "ROWS FROM() with multiple functions cannot have a column definition list", Span: at,
			Hint: "put a separate column definition list for each function inside ROWS FROM()",
		})
	case t.Functions[0].Columns != nil:
		p.Errorf(at, sqlstate.SyntaxError, "multiple column definition lists are not allowed for the same function")
	default:
		f := &t.Functions[0]
		f.Columns = columns
		f.Span = p.From(f.Start)
	}
}

// definitions parses (name type, …).
func (p *parser) definitions() []*ast.ColumnDef {
	var columns []*ast.ColumnDef
	p.parenthesised(func() {
		columns = commaList(p, func() *ast.ColumnDef {
			start := p.Peek().Start
			c := &ast.ColumnDef{Name: p.name(), Type: p.typeName()}
			if p.AtWords("collate") {
				c.Constraints = []*ast.ColumnConstraint{p.collation()}
			}
			c.Span = p.From(start)
			return c
		})
	})
	return columns
}

// rowsFrom parses ROWS FROM (f(…) [AS (…)], …).
func (p *parser) rowsFrom() ast.TableExpr {
	start := p.Peek().Start
	p.ExpectWords("rows", "from")
	t := &ast.TableFunction{RowsFrom: true}
	p.parenthesised(func() {
		t.Functions = commaList(p, func() ast.FromFunction {
			f := p.functionCall()
			if p.AcceptWords("as") {
				f.Columns = p.definitions()
				f.Span = p.From(f.Start)
			}
			return f
		})
	})
	p.functionEnd(t, start)
	return t
}
