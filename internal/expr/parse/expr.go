package parse

import "wire.example/wire/internal/expr/ast"

// expr parses an expression of any operators that bind at least as tightly as level.
func (p *Parser) expr(level ast.Precedence) ast.Node {
	saved := p.restricted
	p.restricted = false
	n := p.operand(level)
	p.restricted = saved
	return n
}

// restrictedExpr parses what PostgreSQL's grammar calls b_expr: no logic, no BETWEEN, IN, LIKE and no IS but DISTINCT FROM.
func (p *Parser) restrictedExpr() ast.Node {
	saved := p.restricted
	p.restricted = true
	n := p.operand(ast.LowestPrecedence)
	p.restricted = saved
	return n
}

// operand is the Pratt loop: a prefix, then infix and postfix operators as long as they bind at least as tightly as level. An operator
// that does not associate, with an operand open at its right, forbids another of its level right behind.
func (p *Parser) operand(level ast.Precedence) ast.Node {
	p.depth++
	if p.depth > p.maxDepth {
		p.tooDeep()
		p.depth--
		return nil
	}
	outer, start := p.height, p.Peek().Start
	p.height = 0
	left := p.prefix()
	forbidden := ast.LowestPrecedence
	for p.err == nil {
		next := p.infixLevel()
		if next == ast.LowestPrecedence || next < level {
			break
		}
		if next == forbidden {
			p.UnexpectedHint("comparisons do not chain; join them by AND")
			break
		}
		var open bool
		left, open = p.infix(left, next, start)
		forbidden = ast.LowestPrecedence
		if open {
			forbidden = next
		}
	}
	p.height = max(outer, p.height+1)
	if p.height > p.maxDepth {
		p.tooDeep()
	}
	p.depth--
	return left
}

// infixLevel returns the level of the operator that the next token begins, LowestPrecedence if it begins none.
func (p *Parser) infixLevel() ast.Precedence {
	t := p.Peek()
	switch t.Kind {
	case Operator:
		return ast.OperatorLevel(t.Text)
	case Symbol:
		if t.Text == "::" {
			return ast.CastPrecedence
		}
	case Ident:
		if !t.Quoted && t.Class != ast.NotKeyword {
			return p.wordLevel(t)
		}
	case EOF, Invalid, Integer, Decimal, Float, String, Param:
	}
	return ast.LowestPrecedence
}

func (p *Parser) wordLevel(t *Token) ast.Precedence {
	if p.restricted {
		if t.Text == "is" && (p.PeekAt(1).IsWord("distinct") || p.PeekAt(1).IsWord("not") && p.PeekAt(2).IsWord("distinct")) {
			return ast.IsPrecedence
		}
		return ast.LowestPrecedence
	}
	switch t.Text {
	case "or":
		return ast.OrPrecedence
	case "and":
		return ast.AndPrecedence
	case "is", "isnull", "notnull":
		return ast.IsPrecedence
	case "in", "like", "ilike", "similar", "between":
		return p.rangeLevel(t, p.PeekAt(1))
	case "not":
		if next := p.PeekAt(1); next.isAnyWord("in", "like", "ilike", "similar", "between") {
			return p.rangeLevel(next, p.PeekAt(2))
		}
	case "collate":
		return ast.CollatePrecedence
	case "at":
		if p.PeekAt(1).IsWord("time") {
			return ast.AtPrecedence
		}
	}
	return ast.LowestPrecedence
}

func (p *Parser) rangeLevel(t, next *Token) ast.Precedence {
	if t.Text == "similar" && !next.IsWord("to") {
		return ast.LowestPrecedence
	}
	return ast.RangePrecedence
}

// infix parses the operator that stands next and its right side. open tells whether it does not associate and ends in an operand.
func (p *Parser) infix(left ast.Node, level ast.Precedence, start int32) (n ast.Node, open bool) {
	t := p.Peek()
	switch {
	case t.Kind == Operator:
		n, open = p.binary(left, level, start)
	case t.Kind == Symbol:
		p.Next()
		n = p.cast(left, start)
	case level == ast.OrPrecedence:
		return p.logical(left, ast.Or, level, start), false
	case level == ast.AndPrecedence:
		return p.logical(left, ast.And, level, start), false
	case level == ast.IsPrecedence:
		n, open = p.is(left, start)
	case level == ast.RangePrecedence:
		n, open = p.rangeTest(left, start)
	case level == ast.CollatePrecedence:
		p.Next()
		n = &ast.Collate{X: left, Collation: p.anyName(), Span: p.From(start)}
	default:
		p.ExpectWords("at", "time", "zone")
		zone := p.operand(level + 1)
		n = &ast.AtTimeZone{X: left, Zone: zone, Span: p.From(start)}
	}
	p.grow()
	return n, open
}

func (p *Parser) binary(left ast.Node, level ast.Precedence, start int32) (n ast.Node, open bool) {
	op := p.Peek()
	if refused(op.Text) {
		p.Unexpected()
		return nil, false
	}
	p.Next()
	if n := p.quantified(left, op.Text, start); n != nil {
		return n, false
	}
	right := p.operand(level + 1)
	return &ast.Binary{Op: op.Text, OpSpan: op.Span, L: left, R: right, Span: p.From(start)}, level == ast.ComparePrecedence
}

// quantified parses ANY (…), SOME (…) or ALL (…) behind an operator; nil if there is none.
func (p *Parser) quantified(left ast.Node, op string, start int32) ast.Node {
	if p.restricted || !p.Peek().isAnyWord("any", "some", "all") {
		return nil
	}
	n := &ast.Quantified{Op: op, L: left, All: p.Next().Text == "all"}
	if n.R = p.rowsQuery(); n.R == nil {
		p.Open("(")
		n.R = p.expr(ast.LowestPrecedence)
		p.Close()
	}
	n.Span = p.From(start)
	return n
}

// rowsQuery parses a parenthesised query, if one is next; a nil Node otherwise.
func (p *Parser) rowsQuery() ast.Node {
	if q := p.query(ast.RowsQuery); q != nil {
		return q
	}
	return nil
}

// logical parses one more operand of AND or OR. A chain is one node; a node whose span begins elsewhere stood in parentheses.
func (p *Parser) logical(left ast.Node, op ast.LogicalOp, level ast.Precedence, start int32) ast.Node {
	p.Next()
	right := p.operand(level + 1)
	if chain, ok := left.(*ast.Logical); ok && chain.Op == op && chain.Start == start {
		chain.Args = append(chain.Args, right)
		chain.Span = p.From(start)
		return chain
	}
	p.grow()
	return &ast.Logical{Op: op, Args: []ast.Node{left, right}, Span: p.From(start)}
}

func (p *Parser) is(left ast.Node, start int32) (n ast.Node, open bool) {
	switch t := p.Next(); t.Text {
	case "isnull":
		return &ast.Is{X: left, Test: ast.IsNull, Span: p.From(start)}, false
	case "notnull":
		return &ast.Is{X: left, Test: ast.IsNull, Not: true, Span: p.From(start)}, false
	}
	not := p.AcceptWords("not")
	if p.AcceptWords("distinct") {
		p.ExpectWords("from")
		right := p.operand(ast.IsPrecedence + 1)
		return &ast.Distinct{L: left, R: right, Not: not, Span: p.From(start)}, true
	}
	is := &ast.Is{X: left, Not: not}
	switch {
	case p.AcceptWords("null"):
		is.Test = ast.IsNull
	case p.AcceptWords("true"):
		is.Test = ast.IsTrue
	case p.AcceptWords("false"):
		is.Test = ast.IsFalse
	case p.AcceptWords("unknown"):
		is.Test = ast.IsUnknown
	default:
		p.UnexpectedHint("IS tests for NULL, TRUE, FALSE, UNKNOWN or DISTINCT FROM; compare values with =")
	}
	is.Span = p.From(start)
	return is, false
}

// rangeTest parses [NOT] BETWEEN, IN, LIKE, ILIKE and SIMILAR TO.
func (p *Parser) rangeTest(left ast.Node, start int32) (n ast.Node, open bool) {
	not := p.AcceptWords("not")
	switch word := p.Next(); word.Text {
	case "between":
		return p.between(left, not, start), true
	case "in":
		return p.in(left, not, start), false
	case "like":
		return p.like(left, ast.PlainLike, not, start)
	case "ilike":
		return p.like(left, ast.ILike, not, start)
	}
	p.ExpectWords("to")
	return p.like(left, ast.SimilarTo, not, start)
}

func (p *Parser) between(left ast.Node, not bool, start int32) ast.Node {
	n := &ast.Between{X: left, Not: not}
	n.Symmetric = p.AcceptWords("symmetric")
	if !n.Symmetric {
		p.AcceptWords("asymmetric")
	}
	n.Low = p.restrictedExpr()
	if p.err == nil && !p.AtWords("and") {
		p.UnexpectedHint("BETWEEN takes two bounds joined by AND; put a bound that is more than arithmetic in parentheses")
	}
	p.AcceptWords("and")
	n.High = p.operand(ast.RangePrecedence + 1)
	n.Span = p.From(start)
	return n
}

func (p *Parser) in(left ast.Node, not bool, start int32) ast.Node {
	n := &ast.In{X: left, Not: not}
	if n.Query = p.query(ast.RowsQuery); n.Query == nil {
		if !p.At("(") {
			p.UnexpectedHint("IN takes a list in parentheses; for an array write = ANY (array)")
		}
		p.Open("(")
		n.List = p.exprList()
		p.Close()
	}
	n.Span = p.From(start)
	return n
}

func (p *Parser) like(left ast.Node, kind ast.LikeKind, not bool, start int32) (n ast.Node, open bool) {
	if kind != ast.SimilarTo {
		op := [...]string{ast.PlainLike: "LIKE", ast.ILike: "ILIKE"}[kind]
		if not {
			op = "NOT " + op
		}
		if n := p.quantified(left, op, start); n != nil {
			return n, false
		}
	}
	like := &ast.Like{X: left, Kind: kind, Not: not}
	like.Pattern = p.operand(ast.RangePrecedence + 1)
	if p.AcceptWords("escape") {
		like.Escape = p.operand(ast.RangePrecedence + 1)
	}
	like.Span = p.From(start)
	return like, true
}

func (p *Parser) cast(left ast.Node, start int32) ast.Node {
	t := p.typeName()
	return &ast.Cast{X: left, Type: t, Span: p.From(start)}
}

// exprList parses one or more expressions parted by commas.
func (p *Parser) exprList() []ast.Node {
	list := []ast.Node{p.expr(ast.LowestPrecedence)}
	for p.Accept(",") {
		list = append(list, p.expr(ast.LowestPrecedence))
	}
	return list
}

// anyName parses a name with optional qualifiers.
func (p *Parser) anyName() []ast.Name {
	name := []ast.Name{p.columnName()}
	for p.Accept(".") {
		name = append(name, p.label())
	}
	return name
}
