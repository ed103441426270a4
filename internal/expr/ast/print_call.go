package ast

// call prints a function. The functions that the grammar gives a syntax of their own have it here as long as they are plain calls of
// the right shape; any other call of such a name has the name in quotes.
func (p *printer) call(n *FuncCall) {
	if len(n.Name) == 1 && n.Plain() && p.special(n.Name[0].Text, n.Args) {
		return
	}
	p.functionName(n.Name)
	p.add("(")
	p.arguments(n)
	p.add(")")
	if n.WithinGroup != nil {
		p.add(" WITHIN GROUP (ORDER BY ")
		p.keys(n.WithinGroup)
		p.add(")")
	}
	if n.Filter != nil {
		p.add(" FILTER (WHERE ")
		p.expr(n.Filter, LowestPrecedence)
		p.add(")")
	}
	if n.Over != nil {
		p.add(" OVER ")
		p.window(n.Over)
	}
}

// functionName prints a name before "(". A word that may be a function's name but no column's needs no quotes.
func (p *printer) functionName(name []Name) {
	if len(name) == 1 && plainName(name[0].Text) && LookupKeyword(name[0].Text).Class == TypeOrFunction {
		switch name[0].Text {
		case "current_schema", "collation": // syntax of their own
		default:
			p.add(name[0].Text)
			return
		}
	}
	p.names(name)
}

// special prints a function that has its own syntax and tells whether it did.
func (p *printer) special(name string, args []Arg) bool {
	switch name {
	case "extract":
		return p.extract(args)
	case "position":
		if len(args) != 2 {
			return false
		}
		p.add("position(")
		p.expr(args[1].X, SignPrecedence)
		p.add(" IN ")
		p.expr(args[0].X, SignPrecedence)
		p.add(")")
		return true
	case "coalesce", "greatest", "least", "grouping":
		if len(args) == 0 {
			return false
		}
	case "nullif":
		if len(args) != 2 {
			return false
		}
	case "substring", "overlay":
	default:
		return false
	}
	p.add(name + "(")
	p.positional(args)
	p.add(")")
	return true
}

func (p *printer) extract(args []Arg) bool {
	if len(args) != 2 {
		return false
	}
	field, ok := args[0].X.(*Literal)
	if !ok || field.Kind != String {
		return false
	}
	p.add("extract(")
	switch {
	case IsExtractField(field.Text):
		p.add(field.Text)
	default:
		p.add(QuoteString(field.Text))
	}
	p.add(" FROM ")
	p.expr(args[1].X, LowestPrecedence)
	p.add(")")
	return true
}

// IsExtractField tells whether word may stand unquoted as the field of EXTRACT: any plain name that is no keyword, and six that are.
func IsExtractField(word string) bool {
	switch word {
	case "year", "month", "day", "hour", "minute", "second":
		return true
	}
	return plainName(word) && LookupKeyword(word).Class == NotKeyword
}

func (p *printer) positional(args []Arg) {
	for i := range args {
		if i > 0 {
			p.add(", ")
		}
		p.expr(args[i].X, LowestPrecedence)
	}
}

func (p *printer) arguments(n *FuncCall) {
	if n.Star {
		p.add("*")
		return
	}
	if n.Distinct {
		p.add("DISTINCT ")
	}
	for i, a := range n.Args {
		if i > 0 {
			p.add(", ")
		}
		if n.Variadic && i == len(n.Args)-1 {
			p.add("VARIADIC ")
		}
		if a.Name != nil {
			p.add(QuoteName(a.Name.Text) + " => ")
		}
		p.expr(a.X, LowestPrecedence)
	}
	if n.OrderBy != nil {
		p.add(" ORDER BY ")
		p.keys(n.OrderBy)
	}
}

func (p *printer) keys(items []OrderItem) {
	for i, o := range items {
		if i > 0 {
			p.add(", ")
		}
		p.key(o)
	}
}

func (p *printer) key(o OrderItem) {
	p.expr(o.X, LowestPrecedence)
	if o.Desc {
		p.add(" DESC")
	}
	p.add(nullsWords[o.Nulls])
}

// String returns the key as canonical text, without the words ORDER BY.
func (o OrderItem) String() string {
	p := printer{}
	p.key(o)
	return string(p.out)
}

//nolint:gochecknoglobals // immutable table
var nullsWords = [...]string{NullsDefault: "", NullsFirst: " NULLS FIRST", NullsLast: " NULLS LAST"}

// String returns what follows OVER as canonical text.
func (w *Window) String() string {
	p := printer{}
	p.window(w)
	return string(p.out)
}

func (p *printer) window(w *Window) {
	if w.Ref != nil {
		p.add(QuoteName(w.Ref.Text))
		return
	}
	p.add("(")
	sep := ""
	if w.Base != nil {
		p.add(QuoteName(w.Base.Text))
		sep = " "
	}
	if w.PartitionBy != nil {
		p.add(sep + "PARTITION BY ")
		p.list(w.PartitionBy)
		sep = " "
	}
	if w.OrderBy != nil {
		p.add(sep + "ORDER BY ")
		p.keys(w.OrderBy)
		sep = " "
	}
	if w.Frame != nil {
		p.add(sep)
		p.frame(w.Frame)
	}
	p.add(")")
}

//nolint:gochecknoglobals // immutable table
var (
	unitWords    = [...]string{FrameRange: "RANGE", FrameRows: "ROWS", FrameGroups: "GROUPS"}
	excludeWords = [...]string{
		ExcludeNothing: "", ExcludeCurrentRow: " EXCLUDE CURRENT ROW", ExcludeGroup: " EXCLUDE GROUP", ExcludeTies: " EXCLUDE TIES",
	}
	boundWords = [...]string{
		UnboundedPreceding: "UNBOUNDED PRECEDING", Preceding: " PRECEDING", CurrentRow: "CURRENT ROW", Following: " FOLLOWING",
		UnboundedFollowing: "UNBOUNDED FOLLOWING",
	}
)

func (p *printer) frame(f *Frame) {
	p.add(unitWords[f.Unit] + " BETWEEN ")
	p.bound(f.Start)
	p.add(" AND ")
	p.bound(f.End)
	p.add(excludeWords[f.Exclude])
}

func (p *printer) bound(b FrameBound) {
	if b.Offset != nil {
		level := SignPrecedence
		if c, ok := b.Offset.(*Column); ok && c.Parts[0].Text == "unbounded" { // a word of the frame, without parentheses
			level = PrimaryPrecedence + 1
		}
		p.expr(b.Offset, level)
	}
	p.add(boundWords[b.Kind])
}
