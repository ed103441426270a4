package ast

import "strconv"

// SQL prints n as canonical text: words in upper case, only the parentheses that the grammar needs. Parsed again it gives an equal
// tree. PostgreSQL reads the text too, ROW and MAP types excepted.
func SQL(n Node) string {
	p := printer{}
	p.expr(n, LowestPrecedence)
	return string(p.out)
}

type printer struct{ out []byte }

func (p *printer) add(s string) { p.out = append(p.out, s...) }

// expr prints n, in parentheses if it binds more loosely than level.
func (p *printer) expr(n Node, level Precedence) {
	if levelOf(n) < level {
		p.add("(")
		p.node(n)
		p.add(")")
		return
	}
	p.node(n)
}

func levelOf(n Node) Precedence {
	switch n := n.(type) {
	case *Logical:
		if n.Op == Or {
			return OrPrecedence
		}
		return AndPrecedence
	case *Not:
		return NotPrecedence
	case *Is, *Distinct:
		return IsPrecedence
	case *Between, *In, *Like:
		return RangePrecedence
	case *Binary:
		return OperatorLevel(n.Op)
	case *Quantified:
		return quantifiedLevel(n.Op)
	case *Unary:
		return PrefixLevel(n.Op)
	case *AtTimeZone:
		return AtPrecedence
	case *Collate:
		return CollatePrecedence
	case *Cast:
		return CastPrecedence
	}
	return PrimaryPrecedence
}

func quantifiedLevel(op string) Precedence {
	if op[0] >= 'A' && op[0] <= 'Z' { // LIKE and its kin
		return RangePrecedence
	}
	return OperatorLevel(op)
}

// operandLevels returns what the operands of an infix operator of this level must bind with, left and right.
func operandLevels(level Precedence) (left, right Precedence) {
	if level == ComparePrecedence || level == RangePrecedence || level == IsPrecedence {
		return level + 1, level + 1
	}
	return level, level + 1
}

func (p *printer) node(n Node) {
	switch n := n.(type) {
	case *Literal:
		p.literal(n)
	case *TypedLiteral:
		p.typedLiteral(n)
	case *Param:
		p.add("$" + strconv.Itoa(int(n.Number)))
	case *Column:
		p.names(n.Parts)
	case *Star:
		p.star(n)
	case *FieldAccess:
		p.indirect(n.X, false)
		p.add("." + QuoteName(n.Field.Text))
	case *Subscript:
		p.indirect(n.X, true)
		p.add("[")
		p.expr(n.Index, LowestPrecedence)
		p.add("]")
	case *Slice:
		p.slice(n)
	case *SelectItem:
		p.expr(n.X, LowestPrecedence)
		if n.As != nil {
			p.add(" AS " + QuoteName(n.As.Text))
		}
	default:
		p.operator(n)
	}
}

func (p *printer) operator(n Node) {
	switch n := n.(type) {
	case *Unary:
		p.unary(n)
	case *Binary:
		left, right := operandLevels(OperatorLevel(n.Op))
		p.expr(n.L, left)
		p.add(" " + n.Op + " ")
		p.expr(n.R, right)
	case *Logical:
		p.logical(n)
	case *Not:
		p.add("NOT ")
		p.expr(n.X, NotPrecedence)
	case *Is:
		p.expr(n.X, IsPrecedence+1)
		p.add(" IS " + not(n.Not) + isWords[n.Test])
	case *Distinct:
		p.expr(n.L, IsPrecedence+1)
		p.add(" IS " + not(n.Not) + "DISTINCT FROM ")
		p.expr(n.R, IsPrecedence+1)
	case *Between:
		p.between(n)
	case *In:
		p.in(n)
	case *Like:
		p.like(n)
	case *Quantified:
		p.quantified(n)
	default:
		p.primary(n)
	}
}

func (p *printer) primary(n Node) {
	switch n := n.(type) {
	case *Case:
		p.caseOf(n)
	case *Cast:
		p.expr(n.X, CastPrecedence)
		p.add("::")
		p.typeName(n.Type)
	case *AtTimeZone:
		p.expr(n.X, AtPrecedence)
		p.add(" AT TIME ZONE ")
		p.expr(n.Zone, AtPrecedence+1)
	case *Collate:
		p.expr(n.X, CollatePrecedence)
		p.add(" COLLATE ")
		p.names(n.Collation)
	case *Row:
		p.add("ROW(")
		p.list(n.Elems)
		p.add(")")
	case *Array:
		p.add("ARRAY[")
		p.list(n.Elems)
		p.add("]")
	case *CurrentValue:
		p.add(upper(n.Name))
		if n.Precision >= 0 {
			p.add("(" + strconv.Itoa(int(n.Precision)) + ")")
		}
	case *FuncCall:
		p.call(n)
	case *Opaque:
		p.opaque(n)
	default:
		p.foreign(n)
	}
}

//nolint:gochecknoglobals // immutable table
var isWords = [...]string{IsNull: "NULL", IsTrue: "TRUE", IsFalse: "FALSE", IsUnknown: "UNKNOWN"}

func not(is bool) string {
	if is {
		return "NOT "
	}
	return ""
}

func (p *printer) literal(n *Literal) {
	switch n.Kind {
	case Null:
		p.add("NULL")
	case True:
		p.add("TRUE")
	case False:
		p.add("FALSE")
	case String:
		p.add(QuoteString(n.Text))
	case Integer, Decimal, Float:
		p.add(n.Text)
	}
}

func (p *printer) typedLiteral(n *TypedLiteral) {
	if n.Type.Kind != IntervalType {
		p.typeName(n.Type)
		p.add(" " + QuoteString(n.Text))
		return
	}
	// INTERVAL has its fields after the text, but its precision before when there are no fields.
	bare := TypeName{Kind: IntervalType}
	if n.Type.Interval == AllFields {
		bare.Mods = n.Type.Mods
	}
	p.typeName(&bare)
	p.add(" " + QuoteString(n.Text))
	if n.Type.Interval != AllFields {
		p.add(" " + n.Type.Interval.String())
		p.mods(n.Type.Mods)
	}
}

func (p *printer) star(n *Star) {
	switch {
	case n.Expand:
		p.indirect(n.Of, false)
		p.add(".")
	case n.Of != nil:
		p.node(n.Of)
		p.add(".")
	}
	p.add("*")
}

// indirect prints the base of a field access or subscript. A column keeps its parentheses before a field, where without them the
// field would read as another part of its name.
func (p *printer) indirect(n Node, subscript bool) {
	switch n := n.(type) {
	case *FieldAccess, *Subscript, *Slice, *Param:
		p.node(n)
		return
	case *Opaque:
		if n.Form == ScalarQuery {
			p.node(n)
			return
		}
	case *Column:
		if subscript {
			p.node(n)
			return
		}
	}
	p.add("(")
	p.node(n)
	p.add(")")
}

func (p *printer) slice(n *Slice) {
	p.indirect(n.X, true)
	p.add("[")
	if n.Low != nil {
		p.expr(n.Low, LowestPrecedence)
	}
	p.add(" : ") // apart, since a cast or a parameter may stand beside it
	if n.High != nil {
		p.expr(n.High, LowestPrecedence)
	}
	p.add("]")
}

// unary keeps a space before an operand that begins with an operator, with which this one would merge.
func (p *printer) unary(n *Unary) {
	p.add(n.Op)
	mark := len(p.out)
	level := PrefixLevel(n.Op)
	if level == OperatorPrecedence {
		level++
	}
	p.expr(n.X, level)
	if isOperatorByte(p.out[mark]) {
		p.out = append(p.out, 0)
		copy(p.out[mark+1:], p.out[mark:])
		p.out[mark] = ' '
	}
}

func isOperatorByte(c byte) bool {
	switch c {
	case '~', '!', '@', '#', '^', '&', '|', '`', '?', '+', '-', '*', '/', '%', '<', '>', '=':
		return true
	}
	return false
}

// logical prints a first operand of the same operator in parentheses, although the grammar would not ask for it, so that a chain and
// a nested tree differ.
func (p *printer) logical(n *Logical) {
	word, level := " AND ", AndPrecedence
	if n.Op == Or {
		word, level = " OR ", OrPrecedence
	}
	for i, a := range n.Args {
		if i > 0 {
			p.add(word)
		}
		p.expr(a, level+1)
	}
}

func (p *printer) list(nodes []Node) {
	for i, n := range nodes {
		if i > 0 {
			p.add(", ")
		}
		p.expr(n, LowestPrecedence)
	}
}

func (p *printer) names(parts []Name) {
	for i := range parts {
		if i > 0 {
			p.add(".")
		}
		p.add(QuoteName(parts[i].Text))
	}
}
