package parse

import "wire.example/wire/internal/expr/ast"

// over parses what follows OVER: a window's name or a definition.
func (p *Parser) over() *ast.Window {
	if p.At("(") {
		return p.windowDefinition()
	}
	name := p.columnName()
	return &ast.Window{Ref: &name, Span: name.Span}
}

func (p *Parser) windowDefinition() *ast.Window {
	w := &ast.Window{}
	start := p.Peek().Start
	p.Open("(")
	if t := p.Peek(); t.Kind == Ident && (t.Quoted || t.Class <= ast.ColumnName && !t.isAnyWord("partition", "range", "rows", "groups")) {
		name := p.columnName()
		w.Base = &name
	}
	if p.Peek().IsWord("partition") && p.ExpectWords("partition", "by") {
		w.PartitionBy = p.exprList()
	}
	if p.Peek().IsWord("order") && p.ExpectWords("order", "by") {
		w.OrderBy = p.orderItems()
	}
	if p.Peek().isAnyWord("range", "rows", "groups") {
		w.Frame = p.frame()
	}
	p.Close()
	w.Span = p.From(start)
	return w
}

func (p *Parser) frame() *ast.Frame {
	f := &ast.Frame{End: ast.FrameBound{Kind: ast.CurrentRow}}
	unit := p.Next()
	switch unit.Text {
	case "rows":
		f.Unit = ast.FrameRows
	case "groups":
		f.Unit = ast.FrameGroups
	}
	if p.AcceptWords("between") {
		f.Start = p.frameBound()
		p.ExpectWords("and")
		f.End = p.frameBound()
	} else {
		f.Start = p.frameBound()
	}
	p.exclude(f)
	f.Span = p.From(unit.Start)
	p.checkFrame(f)
	return f
}

func (p *Parser) frameBound() ast.FrameBound {
	switch {
	case p.AcceptWords("unbounded", "preceding"):
		return ast.FrameBound{Kind: ast.UnboundedPreceding}
	case p.AcceptWords("unbounded", "following"):
		return ast.FrameBound{Kind: ast.UnboundedFollowing}
	case p.AcceptWords("current", "row"):
		return ast.FrameBound{Kind: ast.CurrentRow}
	}
	b := ast.FrameBound{Kind: ast.Following, Offset: p.expr(ast.LowestPrecedence)}
	if p.AcceptWords("preceding") {
		b.Kind = ast.Preceding
	} else {
		p.ExpectWords("following")
	}
	return b
}

func (p *Parser) exclude(f *ast.Frame) {
	if !p.AcceptWords("exclude") {
		return
	}
	switch {
	case p.AcceptWords("current", "row"):
		f.Exclude = ast.ExcludeCurrentRow
	case p.AcceptWords("group"):
		f.Exclude = ast.ExcludeGroup
	case p.AcceptWords("ties"):
		f.Exclude = ast.ExcludeTies
	default:
		p.ExpectWords("no", "others")
	}
}

// checkFrame refuses a frame whose end comes before its start whatever the rows, in PostgreSQL's words.
func (p *Parser) checkFrame(f *ast.Frame) {
	var message string
	switch {
	case f.Start.Kind == ast.UnboundedFollowing:
		message = "frame start cannot be UNBOUNDED FOLLOWING"
	case f.End.Kind == ast.UnboundedPreceding:
		message = "frame end cannot be UNBOUNDED PRECEDING"
	case f.Start.Kind == ast.CurrentRow && f.End.Kind == ast.Preceding:
		message = "frame starting from current row cannot have preceding rows"
	case f.Start.Kind == ast.Following && f.End.Kind < ast.Following:
		message = "frame starting from following row cannot have preceding rows"
	default:
		return
	}
	if p.err == nil {
		p.Errorf(f.Span, windowingError, "%s", message)
	}
}
