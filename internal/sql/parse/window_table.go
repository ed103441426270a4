package parse

import (
	exprast "wire.example/wire/internal/expr/ast"
	"wire.example/wire/internal/expr/parse"
	"wire.example/wire/internal/sql/ast"
	"wire.example/wire/sdk/sqlstate"
)

// standardTable parses TABLE(TUMBLE(…)) and TABLE(f(…)), which is f(…).
func (p *parser) standardTable() ast.TableExpr {
	start := p.Next().Start
	var t ast.TableExpr
	p.parenthesised(func() {
		if p.call("tumble", "hop", "session", "cumulate") {
			t = p.windowCall()
			return
		}
		t = &ast.TableFunction{Functions: []ast.FromFunction{p.functionCall()}}
	})
	switch t := t.(type) {
	case *ast.WindowTable:
		p.windowTableEnd(t, start)
	case *ast.TableFunction:
		p.functionEnd(t, start)
	}
	return t
}

// windowTable parses TUMBLE(…), HOP(…), SESSION(…) or CUMULATE(…) and its alias.
func (p *parser) windowTable() ast.TableExpr {
	start := p.Peek().Start
	w := p.windowCall()
	p.windowTableEnd(w, start)
	return w
}

func (p *parser) windowTableEnd(w *ast.WindowTable, start int32) {
	w.Alias = p.alias()
	w.Span = p.From(start)
}

// windowParameter is a parameter of a window table function.
type windowParameter uint8

const (
	dataParameter windowParameter = iota
	timeParameter
	sizeParameter
	stepParameter
	gapParameter
	offsetParameter
)

// windowParameters returns a function's parameters in their order; the first required ones have to be there.
func windowParameters(kind ast.WindowKind) (parameters []windowParameter, required int, usage string) {
	switch kind {
	case ast.Hop:
		return []windowParameter{dataParameter, timeParameter, stepParameter, sizeParameter, offsetParameter}, 4,
			"HOP(table, time column, slide, size [, offset])"
	case ast.Cumulate:
		return []windowParameter{dataParameter, timeParameter, stepParameter, sizeParameter, offsetParameter}, 4,
			"CUMULATE(table, time column, step, size [, offset])"
	case ast.Session:
		return []windowParameter{dataParameter, timeParameter, gapParameter}, 3,
			"SESSION(table [PARTITION BY key], time column, gap)"
	case ast.Tumble:
	}
	return []windowParameter{dataParameter, timeParameter, sizeParameter, offsetParameter}, 3,
		"TUMBLE(table, time column, size [, offset])"
}

// parameterOf finds a parameter by its name, as the standard form has it.
func parameterOf(kind ast.WindowKind, name string) (windowParameter, bool) {
	switch name {
	case "data":
		return dataParameter, true
	case "timecol":
		return timeParameter, true
	case "size":
		return sizeParameter, kind != ast.Session
	case "slide":
		return stepParameter, kind == ast.Hop
	case "step":
		return stepParameter, kind == ast.Cumulate
	case "gap":
		return gapParameter, kind == ast.Session
	case "offset":
		return offsetParameter, kind != ast.Session
	}
	return 0, false
}

func windowKind(word string) ast.WindowKind {
	switch word {
	case "hop":
		return ast.Hop
	case "session":
		return ast.Session
	case "cumulate":
		return ast.Cumulate
	}
	return ast.Tumble
}

// windowCall parses the function and its arguments, by position or by name.
func (p *parser) windowCall() *ast.WindowTable {
	name := p.Next()
	w := &ast.WindowTable{Kind: windowKind(name.Text)}
	parameters, required, usage := windowParameters(w.Kind)
	given := map[windowParameter]bool{}
	p.Open("(")
	for i := 0; !p.failed() && !p.At(")"); i++ {
		if i > 0 && !p.Accept(",") {
			p.UnexpectedHint("write " + usage)
			break
		}
		t := p.Peek()
		var parameter windowParameter
		switch next := p.PeekAt(1); {
		case t.Kind == parse.Ident && (next.Is("=>") || next.Is(":=")):
			var known bool
			if parameter, known = parameterOf(w.Kind, t.Text); !known || given[parameter] {
				p.windowMistake(t.Span, w.Kind, usage)
			}
			p.Next()
			p.Next()
		case i >= len(parameters):
			p.windowMistake(t.Span, w.Kind, usage)
		default:
			parameter = parameters[i]
			if given[parameter] { // a positional argument behind named ones
				p.windowMistake(t.Span, w.Kind, usage)
			}
		}
		given[parameter] = true
		p.windowArgument(w, parameter)
	}
	if !p.failed() {
		for _, parameter := range parameters[:required] {
			if !given[parameter] {
				p.windowMistake(p.Peek().Span, w.Kind, usage)
			}
		}
	}
	p.Close()
	w.Span = p.From(name.Start)
	return w
}

func (p *parser) windowMistake(at exprast.Span, kind ast.WindowKind, usage string) {
	p.Fail(&parse.Error{
		SQLSTATE: sqlstate.SyntaxError, Message: "wrong arguments for " + upper(kind.String()), Span: at, Hint: "write " + usage,
	})
}

func (p *parser) windowArgument(w *ast.WindowTable, parameter windowParameter) {
	switch parameter {
	case dataParameter:
		p.windowInput(w)
	case timeParameter:
		w.Time = p.timeColumn()
	case sizeParameter:
		w.Size = p.expr()
	case stepParameter:
		w.Step = p.expr()
	case gapParameter:
		w.Gap = p.expr()
	case offsetParameter:
		w.Offset = p.expr()
	}
}

// windowInput parses a table's name, TABLE name, or a query in parentheses, and PARTITION BY.
func (p *parser) windowInput(w *ast.WindowTable) {
	start := p.Peek()
	p.AcceptWords("table")
	switch {
	case p.At("("):
		d := &ast.Derived{}
		at := p.Peek().Start
		p.parenthesised(func() { d.Query = p.queryHere() })
		d.Span = p.From(at)
		w.Input = d
	case isWord(start, "select", "values", "with"):
		p.UnexpectedHint("put the query in parentheses")
	default:
		w.Input = p.relation()
	}
	if !p.AcceptWords("partition", "by") {
		return
	}
	w.PartitionBy = p.unpack(p.expr())
	p.unsupportedWords("rows are taken in the order of their time", "order", "by")
}

// timeColumn parses DESCRIPTOR(column) or the column itself.
func (p *parser) timeColumn() *exprast.Column {
	if !p.call("descriptor") {
		if p.Peek().Kind == parse.String {
			p.UnexpectedHint("the time column is a name, without quotes")
		}
		return p.column()
	}
	p.Next()
	var c *exprast.Column
	p.parenthesised(func() { c = p.column() })
	return c
}

// column parses the name of a column, perhaps with its table's before it.
func (p *parser) column() *exprast.Column {
	n := p.objectName()
	return &exprast.Column{Parts: n.Parts, Span: n.Span}
}
