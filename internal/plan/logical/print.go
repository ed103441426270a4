package logical

import (
	"fmt"
	"slices"
	"strings"

	"wire.example/wire/internal/expr/bind"
	"wire.example/wire/sdk/codec"
	"wire.example/wire/sdk/schema"
)

// String names the source and says what optimize left to read.
func (n *Scan) String() string {
	s := n.Source
	var b strings.Builder
	fmt.Fprintf(&b, "scan %s: %s", s.Name, s.Type.Name)
	if s.Format != nil {
		b.WriteString(", " + s.Format.Type.Name)
	}
	if n.Need != nil {
		b.WriteString(", columns " + needed(s.Schema.Fields, n.Need))
	}
	for i, c := range n.Conditions {
		b.WriteString([]string{", where ", " and "}[min(i, 1)] + condition(s.Schema, c, n.Hidden))
	}
	if s.EventTime >= 0 {
		fmt.Fprintf(&b, ", event time %s", s.Schema.Fields[s.EventTime].Name)
	}
	return b.String()
}

// needed lists the columns that are read, with the members of rows that are.
func needed(fields []schema.Field, need []codec.Need) string {
	var names []string
	for i, f := range fields {
		switch {
		case !need[i].Read:
		case need[i].Members == nil:
			names = append(names, schema.QuoteName(f.Name))
		default:
			names = append(names, schema.QuoteName(f.Name)+needed(f.Type.Fields, need[i].Members))
		}
	}
	return "(" + strings.Join(names, ", ") + ")"
}

func condition(s *schema.Schema, c codec.Condition, hidden bool) string {
	value := fmt.Sprint(c.Int)
	switch {
	case hidden:
		value = "…"
	case c.IsText:
		value = "'" + strings.ReplaceAll(c.Text, "'", "''") + "'"
	}
	op := [...]string{"=", "<>", "<", "<=", ">", ">="}[c.Op]
	return schema.QuoteName(s.Fields[c.Column].Name) + " " + op + " " + value
}

// String shows the predicate.
func (n *Filter) String() string { return "filter " + n.Name + ": " + n.text() }

func (n *Filter) text() string {
	if n.Text != "" {
		return oneLine(n.Text)
	}
	if n.Hidden {
		return "…"
	}
	return n.Predicate.Text(n.Input.Schema().Fields)
}

// String shows the columns and how they are made.
func (n *Project) String() string {
	items := make([]string, len(n.Items))
	for i, item := range n.Items {
		if item.Text == "" {
			item.Text = item.Expr.Text(n.Input.Schema().Fields)
		}
		items[i] = oneLine(item.Text)
		if item.Text != item.Name && item.Text != schema.QuoteName(item.Name) {
			items[i] += " AS " + schema.QuoteName(item.Name)
		}
	}
	return "select " + n.Name + ": " + strings.Join(items, ", ")
}

// String shows the array.
func (n *Unnest) String() string {
	array := schema.QuoteName(n.Input.Schema().Fields[n.Column].Name)
	if n.As != "" {
		array += " AS " + schema.QuoteName(n.As)
	}
	return "unnest " + n.Name + ": " + array
}

// String shows the conditions.
func (n *Split) String() string {
	branches := make([]string, len(n.Branches))
	for i, b := range n.Branches {
		branches[i] = b.Name + " where " + oneLine(b.Text)
		if b.Cond == nil {
			branches[i] = b.Name + " else"
		}
	}
	return "split " + n.Name + ": " + strings.Join(branches, ", ")
}

// String names the branch.
func (n *Port) String() string { return "port " + n.Split.Name + "." + n.Split.Branches[n.Branch].Name }

// String counts the inputs.
func (n *Union) String() string { return fmt.Sprintf("union of %d inputs", len(n.In)) }

// String names the sink.
func (s *Sink) String() string {
	text := "sink " + s.Name + ": " + s.Type.Name
	if s.Format != nil {
		text += ", " + s.Format.Type.Name
	}
	if s.Raw {
		text += ", records as they are"
	}
	return text
}

// String prints the plan: each sink, and indented below it what it reads. A node that was printed before is only named.
func (p *Plan) String() string {
	var b strings.Builder
	seen := map[Node]bool{}
	for _, s := range p.Sinks {
		b.WriteString(s.String() + "\n")
		printNode(&b, s.Input, 1, seen)
	}
	return b.String()
}

func printNode(b *strings.Builder, n Node, depth int, seen map[Node]bool) {
	pad := strings.Repeat("  ", depth)
	if seen[n] {
		name, _, _ := strings.Cut(n.String(), ":")
		b.WriteString(pad + "(" + name + ", as above)\n")
		return
	}
	seen[n] = true
	b.WriteString(pad + n.String() + "\n")
	for _, in := range n.Inputs() {
		printNode(b, in, depth+1, seen)
	}
	for _, s := range subqueries(n) {
		b.WriteString(pad + "  subquery " + oneLine(s.Text) + s.comparison() + "\n")
		printNode(b, s.Query, depth+2, seen)
	}
}

// subqueries are those that stand in the expressions of n.
func subqueries(n Node) []*Subquery {
	var exprs []*bind.Expr
	switch n := n.(type) {
	case *Filter:
		exprs = append(exprs, n.Predicate)
	case *Project:
		for _, item := range n.Items {
			exprs = append(exprs, item.Expr)
		}
	case *Join:
		if n.Condition != nil {
			exprs = append(exprs, n.Condition)
		}
	}
	var all []*Subquery
	for _, e := range exprs {
		bind.Walk(e, func(e *bind.Expr) bool {
			if s, ok := e.Node.(*Subquery); ok && !slices.Contains(all, s) {
				all = append(all, s)
			}
			return true
		})
	}
	return all
}

// oneLine folds white space, so that a node stays in its line.
func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }
