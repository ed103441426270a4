package ast

import expr "wire.example/wire/internal/expr/ast"

// create prints CREATE, the words about it, and the name.
func (p *printer) create(replace, temporary bool, kind ObjectKind, ifNotExists bool, name ObjectName) {
	p.add("CREATE ")
	p.when(replace, "OR REPLACE ")
	p.when(temporary, "TEMP ")
	p.add(upper(kind.String()) + " ")
	p.when(ifNotExists, "IF NOT EXISTS ")
	p.object(name)
}

func (p *printer) createRelation(s *CreateRelation) {
	p.create(s.OrReplace, s.Temporary, s.Kind, s.IfNotExists, s.Name)
	if elements := s.elements(p); elements != nil || s.Query == nil && (s.Options == nil || s.Kind == Table) {
		p.add(" (")
		list(p, elements, func(element func()) { element() })
		p.add(")")
	}
	p.options(s.Options)
	p.asQuery(s.Query, s.NoData)
}

// elements returns what stands in the parentheses, as functions that print it.
func (s *CreateRelation) elements(p *printer) []func() {
	var out []func()
	for _, c := range s.Columns {
		out = append(out, func() { p.columnDef(c) })
	}
	for _, c := range s.Constraints {
		out = append(out, func() { p.tableConstraint(c) })
	}
	for _, w := range s.Watermarks {
		out = append(out, func() {
			p.add("WATERMARK FOR ")
			p.name(w.Column)
			p.clause(" AS ", w.X)
		})
	}
	return out
}

func (p *printer) createView(s *CreateView) {
	kind := View
	if s.Materialized {
		kind = MaterializedView
	}
	p.create(s.OrReplace, s.Temporary, kind, s.IfNotExists, s.Name)
	p.columns(s.Columns)
	p.options(s.Options)
	p.asQuery(s.Query, s.NoData)
}

func (p *printer) asQuery(q *Query, noData bool) {
	if q != nil {
		p.add(" AS ")
		p.query(q)
	}
	p.when(noData, " WITH NO DATA")
}

func (p *printer) columnDef(c *ColumnDef) {
	p.name(c.Name)
	if c.Type != nil {
		p.add(" " + c.Type.String())
	}
	for _, k := range c.Constraints {
		p.add(" ")
		p.constraintName(k.Name)
		p.add(k.Kind.String())
		switch k.Kind {
		case Generated:
			p.parenthesised(k.X)
			p.add(" STORED")
		case Check:
			p.parenthesised(k.X)
		case DefaultValue:
			// Its grammar is that of BETWEEN's lower bound.
			p.parenthesised(k.X)
		default:
		}
		p.target(k.Target, k.Columns)
	}
}

func (p *printer) constraintName(n *expr.Name) {
	if n != nil {
		p.add("CONSTRAINT ")
		p.name(*n)
		p.add(" ")
	}
}

func (p *printer) parenthesised(x expr.Node) {
	p.add(" (")
	p.expr(x)
	p.add(")")
}

func (p *printer) target(n *ObjectName, columns []expr.Name) {
	if n != nil {
		p.add(" ")
		p.object(*n)
		p.columns(columns)
	}
}

func (p *printer) tableConstraint(c *TableConstraint) {
	p.constraintName(c.Name)
	switch c.Kind {
	case References:
		p.add("FOREIGN KEY")
		p.columns(c.Columns)
		p.add(" REFERENCES")
		p.target(c.Target, c.TargetColumns)
	case Check:
		p.add("CHECK")
		p.parenthesised(c.X)
	default:
		p.add(c.Kind.String())
		p.columns(c.Columns)
	}
}

func (p *printer) options(options []Option) {
	if len(options) > 0 {
		p.add(" WITH (")
		list(p, options, p.option)
		p.add(")")
	}
}

func (p *printer) option(o Option) {
	p.dotted(o.Name)
	p.add(" = ")
	p.value(o.Value)
}

func (p *printer) value(v Value) {
	switch v.Kind {
	case StringValue:
		p.add(expr.QuoteString(v.Text))
	case NumberValue, BoolValue:
		p.add(v.Text)
	case WordValue:
		p.add(expr.QuoteName(v.Text))
	case ListValue:
		p.add("ARRAY[")
		list(p, v.List, p.value)
		p.add("]")
	case MapValue:
		p.add("(")
		list(p, v.Map, p.option)
		p.add(")")
	}
}
