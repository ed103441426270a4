package ast

import (
	"fmt"
	"strconv"
	"strings"
)

// Dump prints n as an S-expression that shows every field but the spans and the quoting of names. Two trees are equal exactly when
// their dumps are.
func Dump(n Node) string {
	d := dumper{}
	d.node(n)
	return d.b.String()
}

// Equal tells whether a and b are the same expression, wherever they were written.
func Equal(a, b Node) bool { return Dump(a) == Dump(b) }

type dumper struct{ b strings.Builder }

func (d *dumper) add(s string) { d.b.WriteString(s) }

// form writes (head child child …); a nil child is written as -.
func (d *dumper) form(head string, children ...Node) {
	d.add("(" + head)
	for _, c := range children {
		d.add(" ")
		d.node(c)
	}
	d.add(")")
}

func (d *dumper) node(n Node) {
	switch n := n.(type) {
	case nil:
		d.add("-")
	case *Literal:
		p := printer{}
		p.literal(n)
		d.add(string(p.out))
	case *TypedLiteral:
		d.add("(const " + n.Type.String() + " " + QuoteString(n.Text) + ")")
	case *Param:
		d.add("$" + strconv.Itoa(int(n.Number)))
	case *Column:
		d.add(dotted(n.Parts))
	case *Star:
		if n.Of == nil {
			d.add("*")
			return
		}
		if n.Expand {
			d.form("fields", n.Of)
			return
		}
		d.form("columns", n.Of)
	case *FieldAccess:
		d.form("field "+QuoteName(n.Field.Text), n.X)
	case *Subscript:
		d.form("at", n.X, n.Index)
	case *Slice:
		d.form("slice", n.X, n.Low, n.High)
	case *SelectItem:
		if n.As == nil {
			d.form("item", n.X)
			return
		}
		d.form("as "+QuoteName(n.As.Text), n.X)
	default:
		d.operator(n)
	}
}

func (d *dumper) operator(n Node) {
	switch n := n.(type) {
	case *Unary:
		d.form("prefix "+n.Op, n.X)
	case *Binary:
		d.form(n.Op, n.L, n.R)
	case *Logical:
		if n.Op == Or {
			d.form("or", n.Args...)
			return
		}
		d.form("and", n.Args...)
	case *Not:
		d.form("not", n.X)
	case *Is:
		d.form("is-"+dashed(not(n.Not)+isWords[n.Test]), n.X)
	case *Distinct:
		d.form(dashed("is "+not(n.Not)+"distinct"), n.L, n.R)
	case *Between:
		word := not(n.Not) + "between"
		if n.Symmetric {
			word += " symmetric"
		}
		d.form(dashed(word), n.X, n.Low, n.High)
	case *In:
		d.in(n)
	case *Like:
		word := dashed(not(n.Not) + likeWords[n.Kind])
		if n.Escape == nil {
			d.form(word, n.X, n.Pattern)
			return
		}
		d.form(word, n.X, n.Pattern, n.Escape)
	case *Quantified:
		word := " any"
		if n.All {
			word = " all"
		}
		d.form(dashed(n.Op)+word, n.L, n.R)
	default:
		d.primary(n)
	}
}

func (d *dumper) primary(n Node) {
	switch n := n.(type) {
	case *Case:
		d.caseOf(n)
	case *Cast:
		d.add("(cast ")
		d.node(n.X)
		d.add(" " + n.Type.String() + ")")
	case *AtTimeZone:
		d.form("at-time-zone", n.X, n.Zone)
	case *Collate:
		d.form("collate "+dotted(n.Collation), n.X)
	case *Row:
		d.form("row", n.Elems...)
	case *Array:
		d.form("array", n.Elems...)
	case *CurrentValue:
		d.add("(" + n.Name)
		if n.Precision >= 0 {
			d.add(" " + strconv.Itoa(int(n.Precision)))
		}
		d.add(")")
	case *FuncCall:
		d.call(n)
	case *Opaque:
		d.form([]string{"query", "exists", "array-query", "rows"}[n.Form], n.Query)
	case fmt.Stringer:
		d.add(QuoteString(n.String()))
	default:
		d.add(fmt.Sprintf("%T", n))
	}
}

func (d *dumper) in(n *In) {
	word := dashed(not(n.Not) + "in")
	if n.Query != nil {
		d.form(word, n.X, n.Query)
		return
	}
	d.add("(" + word + " ")
	d.node(n.X)
	d.add(" ")
	d.form("list", n.List...)
	d.add(")")
}

func (d *dumper) caseOf(n *Case) {
	d.add("(case")
	if n.Operand != nil {
		d.add(" ")
		d.node(n.Operand)
	}
	for _, w := range n.Whens {
		d.add(" ")
		d.form("when", w.Cond, w.Result)
	}
	if n.Else != nil {
		d.add(" ")
		d.form("else", n.Else)
	}
	d.add(")")
}

func (d *dumper) call(n *FuncCall) {
	d.add("(call " + dotted(n.Name))
	if n.Star {
		d.add(" (star)")
	}
	if n.Distinct {
		d.add(" (distinct)")
	}
	for i, a := range n.Args {
		d.add(" ")
		switch {
		case a.Name != nil:
			d.form("named "+QuoteName(a.Name.Text), a.X)
		case n.Variadic && i == len(n.Args)-1:
			d.form("variadic", a.X)
		default:
			d.node(a.X)
		}
	}
	if n.Variadic && len(n.Args) > 0 && n.Args[len(n.Args)-1].Name != nil {
		d.add(" (variadic-named)")
	}
	d.keys("order", n.OrderBy)
	d.keys("within-group", n.WithinGroup)
	if n.Filter != nil {
		d.add(" ")
		d.form("filter", n.Filter)
	}
	if n.Over != nil {
		d.window(n.Over)
	}
	d.add(")")
}

func (d *dumper) keys(head string, items []OrderItem) {
	if items == nil {
		return
	}
	d.add(" (" + head)
	for _, o := range items {
		word := "asc"
		if o.Desc {
			word = "desc"
		}
		d.add(" ")
		d.form(word+strings.ToLower(strings.ReplaceAll(nullsWords[o.Nulls], " ", "-")), o.X)
	}
	d.add(")")
}

func (d *dumper) window(w *Window) {
	d.add(" (over")
	if w.Ref != nil {
		d.add(" " + QuoteName(w.Ref.Text) + ")")
		return
	}
	if w.Base != nil {
		d.add(" (base " + QuoteName(w.Base.Text) + ")")
	}
	if w.PartitionBy != nil {
		d.add(" ")
		d.form("partition", w.PartitionBy...)
	}
	d.keys("order", w.OrderBy)
	if f := w.Frame; f != nil {
		d.add(" (" + strings.ToLower(unitWords[f.Unit]))
		d.bound(f.Start)
		d.bound(f.End)
		if f.Exclude != ExcludeNothing {
			d.add(dashed(excludeWords[f.Exclude]))
		}
		d.add(")")
	}
	d.add(")")
}

func (d *dumper) bound(b FrameBound) {
	word := dashed(strings.TrimSpace(boundWords[b.Kind]))
	d.add(" ")
	if b.Offset == nil {
		d.add(word)
		return
	}
	d.form(word, b.Offset)
}

// dashed turns words of SQL into one lower-case symbol; a leading blank stays.
func dashed(words string) string {
	lead := ""
	if strings.HasPrefix(words, " ") {
		lead = " "
	}
	return lead + strings.ToLower(strings.ReplaceAll(strings.TrimSpace(words), " ", "-"))
}

func dotted(parts []Name) string {
	p := printer{}
	p.names(parts)
	return string(p.out)
}
