package evolve

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"wire.example/wire/internal/expr/bind"
	"wire.example/wire/internal/plan/logical"
	"wire.example/wire/sdk/schema"
)

// meanings says of the rows of nodes where they come from and how their columns are computed, down to the sources and to the steps with state.
type meanings struct {
	refs *references
	// sources and steps are the names of scans and of nodes with state.
	sources map[*logical.Source]string
	steps   map[logical.Node]string
	done    map[logical.Node][]Branch
	// hidden puts something else in the place of what references stood for; nil where there were none.
	hidden *strings.Replacer
}

// shortestHidden is the shortest value of a reference that is hidden: shorter ones stand in too many texts.
const shortestHidden = 4

// hiding is what hides values in expressions as they print, where quotes within a text are doubled. Equal values stay equal.
func hiding(values []string) *strings.Replacer {
	var pairs []string
	for _, v := range values {
		if len(v) < shortestHidden {
			continue
		}
		shown := "reference " + sum([]byte(v))
		pairs = append(pairs, v, shown)
		if quoted := strings.ReplaceAll(v, "'", "''"); quoted != v {
			pairs = append(pairs, quoted, shown)
		}
	}
	if len(pairs) == 0 {
		return nil
	}
	return strings.NewReplacer(pairs...)
}

func (m *meanings) hide(text string) string {
	if m.hidden == nil {
		return text
	}
	return m.hidden.Replace(text)
}

// of returns the branches that lead to n.
func (m *meanings) of(n logical.Node) []Branch {
	if all, ok := m.done[n]; ok {
		return all
	}
	all := m.make(n)
	for i := range all {
		all[i].Base = m.refs.shorten(all[i].Base)
		for j, c := range all[i].Columns {
			all[i].Columns[j] = m.refs.shorten(c)
		}
	}
	m.done[n] = all
	return all
}

func (m *meanings) make(n logical.Node) []Branch {
	if name, ok := m.steps[n]; ok {
		return []Branch{m.output(n, name)}
	}
	switch n := n.(type) {
	case *logical.Scan:
		ref := sourceRef(m.sources[n.Source])
		b := Branch{Base: ref}
		for _, f := range n.Source.Schema.Fields {
			b.Columns = append(b.Columns, ref+"."+schema.QuoteName(f.Name))
		}
		return []Branch{b}
	case *logical.Union:
		var all []Branch
		for _, in := range n.In {
			for _, b := range m.of(in) {
				all = append(all, b.clone())
			}
		}
		return all
	case *logical.Port:
		return m.each(n.Split.Input, func(b *Branch) { b.require(m.port(n, b)) })
	case *logical.LateRows:
		all := m.windows(n.Of)
		for i := range all {
			all[i].Base += " late"
		}
		return all
	case *logical.Filter:
		in := n.Input.Schema()
		return m.each(n.Input, func(b *Branch) {
			for _, c := range bind.Conjuncts(n.Predicate) {
				text := m.text(c, in, b.Columns)
				if n.Hidden {
					text = "a condition with references, " + sum([]byte(text))
				}
				b.require(text)
			}
		})
	case *logical.Project:
		in := n.Input.Schema()
		return m.each(n.Input, func(b *Branch) {
			columns := make([]string, len(n.Items))
			for i, item := range n.Items {
				columns[i] = m.text(item.Expr, in, b.Columns)
			}
			b.Columns = columns
		})
	case *logical.Unnest:
		return m.each(n.Input, func(b *Branch) {
			element := "element of " + b.Columns[n.Column]
			b.Base += " for each " + element
			if n.As == "" {
				b.Columns[n.Column] = element
			} else {
				b.Columns = append(b.Columns, element)
			}
		})
	case *logical.RowsFrom:
		return m.each(n.Input, func(b *Branch) { rowsFrom(n, b) })
	case *logical.WindowTable:
		return m.windows(n)
	case *logical.Late:
		return m.each(n.Input, func(*Branch) {})
	default:
		panic(fmt.Sprintf("evolve: no meaning of %T", n))
	}
}

func (b Branch) clone() Branch {
	return Branch{Base: b.Base, Where: slices.Clone(b.Where), Columns: slices.Clone(b.Columns)}
}

// require adds a condition.
func (b *Branch) require(text string) {
	if at, found := slices.BinarySearch(b.Where, text); !found {
		b.Where = slices.Insert(b.Where, at, text)
	}
}

// each returns the branches of n, changed by f.
func (m *meanings) each(n logical.Node, f func(*Branch)) []Branch {
	in := m.of(n)
	out := make([]Branch, len(in))
	for i := range in {
		out[i] = in[i].clone()
		f(&out[i])
	}
	return out
}

// text is an expression over columns, whose types are those of in.
func (m *meanings) text(e *bind.Expr, in *schema.Schema, columns []string) string {
	if e.Op == bind.Column && len(e.Path) == 1 {
		return columns[e.Path[0]]
	}
	fields := slices.Clone(in.Fields)
	pairs := make([]string, 0, 2*len(columns))
	for i := range fields {
		fields[i].Name = "\x00" + strconv.Itoa(i) + "\x00" // no text of an expression has it
		pairs = append(pairs, schema.QuoteName(fields[i].Name), columns[i])
	}
	return strings.NewReplacer(pairs...).Replace(m.hide(e.Text(fields)))
}

// port is the condition of the rows of a branch of a split.
func (m *meanings) port(n *logical.Port, b *Branch) string {
	in := n.Split.Schema()
	var before []string
	for i := range n.Branch {
		if c := n.Split.Branches[i].Cond; c != nil {
			before = append(before, m.text(c, in, b.Columns))
		}
	}
	text := "whatever is left"
	if c := n.Split.Branches[n.Branch].Cond; c != nil {
		text = m.text(c, in, b.Columns)
	}
	if len(before) > 0 {
		text += ", and before it none of " + strings.Join(before, "; ")
	}
	return text
}

func rowsFrom(n *logical.RowsFrom, b *Branch) {
	for _, f := range n.Functions {
		args := make([]string, len(f.Args))
		for i, a := range f.Args {
			args[i] = b.Columns[a]
		}
		call := f.Function.Name + "(" + strings.Join(args, ", ") + ")"
		b.Base += " with " + call
		for _, field := range f.Fields {
			b.Columns = append(b.Columns, call+"."+schema.QuoteName(field.Name))
		}
	}
	if n.Outer {
		b.Base += " outer"
	}
	if n.Ordinality {
		b.Columns = append(b.Columns, "ordinality")
	}
}

// shape is the text of windows, without their time.
func shape(n *logical.WindowTable) string {
	text := n.Shape.String()
	if n.Processing {
		text += " of processing time"
	}
	for _, p := range []struct {
		what   string
		micros int64
	}{{"size", n.Size}, {"every", n.Every}, {"gap", n.Gap}, {"offset", n.Offset}} {
		if p.micros != 0 {
			text += fmt.Sprintf(" %s %d µs", p.what, p.micros)
		}
	}
	return text
}

func (m *meanings) windows(n *logical.WindowTable) []Branch {
	return m.each(n.Input, func(b *Branch) {
		of := shape(n) + " of " + b.Columns[n.Time]
		if n.Processing {
			of = shape(n)
		}
		for _, p := range n.Partition {
			of += " for each " + b.Columns[p]
		}
		b.Base += " in " + of
		b.Columns = append(b.Columns, "start of "+of, "end of "+of)
	})
}

// output is what comes out of a node with state.
func (m *meanings) output(n logical.Node, name string) Branch {
	ref := stepRef(name)
	b := Branch{Base: ref}
	first := func(in logical.Node) []string { return m.of(in)[0].Columns }
	pass := func(in logical.Node) {
		for _, c := range first(in) {
			b.Columns = append(b.Columns, ref+"("+c+")")
		}
	}
	switch n := n.(type) {
	case *logical.Aggregate:
		for i := range n.Keys {
			b.Columns = append(b.Columns, fmt.Sprintf("%s.key%d", ref, i))
		}
		if n.Sets != nil {
			b.Columns = append(b.Columns, ref+".grouping")
		}
		for i := range n.Calls {
			b.Columns = append(b.Columns, callRef(name, i))
		}
	case *logical.Join:
		pass(n.Left)
		switch {
		case n.Kind == logical.Mark:
			b.Columns = append(b.Columns, ref+".mark")
		case !n.Kind.KeepsLeftOnly():
			for _, c := range first(n.Right) {
				b.Columns = append(b.Columns, ref+"(right "+c+")")
			}
		}
	case *logical.Over:
		pass(n.Input)
		for i := range n.Calls {
			b.Columns = append(b.Columns, fmt.Sprintf("%s.call%d", ref, i))
		}
	default:
		pass(n.Inputs()[0])
		for len(b.Columns) < n.Schema().Len() {
			b.Columns = append(b.Columns, ref+".rank")
		}
	}
	return b
}
